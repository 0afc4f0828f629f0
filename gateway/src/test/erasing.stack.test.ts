import { scopeOf } from '@muster/protocol/id';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { makeList, startGateways, type TestGateways } from './start-gateways.ts';

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(2);
});
afterAll(() => product.close());

test('whoever erases themselves is out on every gateway, and the others see their list go on', async () => {
  const [ada, ben] = [await product.person('Ada'), await product.person('Ben')];
  const [one, elsewhere] = [await product.client(ada), await product.client(ada, product.gateways[1])];
  const watcher = await product.client(ben, product.gateways[1]);
  const { id: listId, scope } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  const threadId = v7();
  const thread = scopeOf('thread', threadId);
  await one.mutate('thread.create', { id: threadId, listId });
  const messageId = v7();
  await one.mutate('message.send', { id: messageId, threadId, text: 'Taken back' });
  for (const client of [elsewhere, watcher]) await client.get('scope:open', { scopes: [{ scope }, { scope: thread }] });

  const closed = Promise.all([one.closed(), elsewhere.closed()]);
  const password = 'correct horse battery';
  expect((await ada.call('DELETE', '/api/v1/me', { password })).status).toBe(204);
  await closed;

  const effectsOf = (of: string) =>
    watcher
      .all('scope:changes')
      .filter((packet) => packet.scope === of)
      .flatMap(({ changes }) => changes.flatMap(({ effects }) => effects));
  await expect
    .poll(() => effectsOf(scope))
    .toEqual(
      expect.arrayContaining([
        { op: 'patch', type: 'member', id: ben.userId, fields: { role: 'owner' } },
        { op: 'del', type: 'member', id: ada.userId },
      ]),
    );
  await expect.poll(() => effectsOf(thread)).toContainEqual({ op: 'del', type: 'message', id: messageId });
  const { name, image } = await watcher.next('profile:changed', ({ id }) => id === ada.userId);
  expect({ name, image }).toEqual({ name: 'Deleted person', image: null });
  await watcher.mutate('list.rename', { id: listId, title: 'Mine now' });
  // Nothing that came after their end was sent to them.
  expect(elsewhere.seqs(scope)).toEqual([]);
});
