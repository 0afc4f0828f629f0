import 'fake-indexeddb/auto';
import { contentsOf, titlesOf } from '@muster/testing/held-by-client';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createClient } from '@muster/client/client';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import { socketIoTransport } from '@muster/client/socket-io';
import type { ClientOptions, MusterClient, Transport } from '@muster/client/types';
import { startGateways, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf } from '@muster/protocol/id';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';

type Person = Awaited<ReturnType<TestGateways['person']>>;

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(2);
});
afterAll(() => product.close());

const clients: MusterClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
});

async function enter(who: Person, at = 0, options: Partial<ClientOptions> = {}): Promise<MusterClient> {
  const client = createClient({ url: product.gateways[at]!.url, token: who.token, ...options });
  clients.push(client);
  await client.start();
  await vi.waitFor(
    () => expect(client.scopeState(scopeOf('user', who.userId))).toMatchObject({ isFresh: true }),
    10_000,
  );
  return client;
}

/** A list that two people share, each on their own gateway. */
async function share() {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const [one, two] = await Promise.all([enter(ada, 0), enter(ben, 1)]);
  const listId = v7();
  const scope = scopeOf('list', listId);
  await one.mutate('list.create', { id: listId, title: 'Groceries' }).outcome;
  expect(await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' }).outcome).toMatchObject({
    status: 'applied',
  });
  await vi.waitFor(() => expect(two.scopeState(scope)).toMatchObject({ state: 'open', isFresh: true }), 10_000);
  return { ada, ben, one, two, listId, scope };
}

/** A wire that a test can cut: without a word, or just after something was sent. */
function fragile(): { transport: Transport; cut(): void; cutAfter: (event: string) => boolean } {
  let close: (() => void) | undefined;
  const wire = {
    cut: () => close?.(),
    cutAfter: (_event: string) => false,
    transport: {
      connect(url, auth, events) {
        let isCut = false;
        const inner = socketIoTransport.connect(url, auth, {
          ...events,
          received: (event, data) => void (isCut || events.received(event, data)),
        });
        close = () => {
          if (isCut) return;
          isCut = true;
          inner.close();
          events.closed('cut by the test');
        };
        return {
          close: () => inner.close(),
          send(event, data, answer) {
            inner.send(event, data, (ack) => void (isCut || answer(ack)));
            // The frame is on its way; its answer finds nobody.
            if (wire.cutAfter(event)) setTimeout(() => close?.(), 1);
          },
        };
      },
    } satisfies Transport,
  };
  return wire;
}

test('two people on two gateways see the same list, in the same order, whoever edits', async () => {
  const { one, two, listId, scope } = await share();
  const outcomes = Array.from({ length: 30 }, (_, n) =>
    (n % 2 ? one : two).mutate('task.create', {
      id: v7(),
      listId,
      title: `Task ${n}`,
      ...(n % 3 ? {} : { after: null }),
    }),
  );
  for (const { outcome } of outcomes) expect(await outcome).toMatchObject({ status: 'applied' });
  await vi.waitFor(() => expect([one.status.pending, two.status.pending]).toEqual([0, 0]), 10_000);
  await vi.waitFor(() => expect(one.scopeState(scope)).toEqual(two.scopeState(scope)), 10_000);
  expect(titlesOf(one, scope)).toHaveLength(30);
  expect(titlesOf(two, scope)).toEqual(titlesOf(one, scope));
  expect(contentsOf(two, scope)).toEqual(contentsOf(one, scope));
  expect(two.profile(one.userId!)?.name).toBe('Ada');
});

test('a connection that is cut in the middle of mutations: each happens exactly once', async () => {
  const { ada, two, listId, scope } = await share();
  const wire = fragile();
  let sent = 0;
  wire.cutAfter = (event) => event === 'mutate' && (sent += 1) % 7 === 0;
  const three = await enter(ada, 1, { transport: wire.transport });
  await vi.waitFor(() => expect(three.scopeState(scope)).toMatchObject({ isFresh: true }), 10_000);
  const outcomes = Array.from({ length: 40 }, (_, n) =>
    three.mutate('task.create', { id: v7(), listId, title: `Task ${n}` }),
  );
  await vi.waitFor(() => expect(sent).toBeGreaterThan(20), 20_000);
  wire.cutAfter = () => false;
  for (const { outcome } of outcomes) expect(await outcome).toMatchObject({ status: 'applied' });
  const expected = Array.from({ length: 40 }, (_, n) => `Task ${n}`);
  await vi.waitFor(() => expect(titlesOf(two, scope)).toEqual(expected), 10_000);
  await vi.waitFor(() => expect(three.status).toMatchObject({ connection: 'online', pending: 0 }), 20_000);
  expect(titlesOf(three, scope)).toEqual(expected);
  expect(two.scopeState(scope)).toMatchObject({ seq: 2 + 40 });
}, 60_000);

test('what is made offline is kept on disk, painted at once, and sent by the next start', async () => {
  const { ada, two, listId, scope } = await share();
  const name = `muster-${v7()}`;
  const online = await enter(ada, 0, { storage: createIndexedDbStorage(name) });
  await vi.waitFor(() => expect(online.scopeState(scope)).toMatchObject({ isFresh: true }), 10_000);
  await online.stop();
  const nowhere: Transport = {
    connect: (_url, _auth, events) => (events.closed('offline'), { send: () => undefined, close: () => undefined }),
  };
  const offline = createClient({ url: 'http://nowhere', transport: nowhere, storage: createIndexedDbStorage(name) });
  clients.push(offline);
  await offline.start();
  expect(offline.get('list', listId)?.value.title).toBe('Groceries');
  offline.mutate('task.create', { id: v7(), listId, title: 'From the train' });
  offline.mutate('list.rename', { id: listId, title: 'Shopping' });
  expect(offline.status).toMatchObject({ pending: 2 });
  await offline.stop();
  const again = createClient({
    url: product.gateways[1]!.url,
    token: ada.token,
    storage: createIndexedDbStorage(name),
  });
  clients.push(again);
  await again.start();
  expect(titlesOf(again, scope)).toEqual(['From the train']);
  await vi.waitFor(() => expect(titlesOf(two, scope)).toEqual(['From the train']), 10_000);
  await vi.waitFor(() => expect(two.get('list', listId)?.value.title).toBe('Shopping'), 10_000);
  await vi.waitFor(() => expect(again.status.pending).toBe(0), 10_000);
});

test('someone who is removed loses the list at once, and keeps nothing of it', async () => {
  const { ben, one, two, listId, scope } = await share();
  await one.mutate('task.create', { id: v7(), listId, title: 'Secret' }).outcome;
  await vi.waitFor(() => expect(titlesOf(two, scope)).toEqual(['Secret']), 10_000);
  await one.mutate('member.remove', { listId, userId: ben.userId }).outcome;
  await vi.waitFor(() => expect(titlesOf(two, scope)).toEqual([]), 10_000);
  expect(two.get('list', listId)).toBeUndefined();
  expect(() => two.mutate('task.create', { id: v7(), listId, title: 'No' })).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  );
});

test('a conversation and its message stand in both windows, with the run that will answer', async () => {
  const { one, two, listId } = await share();
  const [threadId, id] = [v7(), v7()];
  const thread = scopeOf('thread', threadId);
  one.mutate('thread.create', { id: threadId, listId });
  const handle = one.open(thread);
  expect(await one.mutate('message.send', { id, threadId, text: 'Plan the party' }).outcome).toMatchObject({
    status: 'applied',
  });
  await handle.ready;
  await two.open(thread).ready;
  expect(two.get('message', id)?.value.text).toBe('Plan the party');
  const [run] = two.all(thread, 'run');
  const view = two.watchRun(run!.id);
  await view.ready;
  expect(view.view).toMatchObject({ status: 'queued', attempt: 0, items: [] });
  expect(await one.stopRun(run!.id)).toEqual({ status: 'stopped' });
  await vi.waitFor(() => expect(two.get('run', run!.id)?.value.status).toBe('stopped'), 10_000);
});

test('presence is seen on the other gateway, and ends with the connection', async () => {
  const { ada, one, two, scope } = await share();
  one.presence.set(scope, { typing: true });
  await vi.waitFor(() => expect(two.presence.of(scope)).toEqual([{ id: ada.userId, state: { typing: true } }]), 10_000);
  await one.stop();
  await vi.waitFor(() => expect(two.presence.of(scope)).toEqual([]), 10_000);
});

test('a token that is no good is refused in words', async () => {
  const client = createClient({ url: product.gateways[0]!.url, token: 'nonsense' });
  clients.push(client);
  await client.start();
  await vi.waitFor(
    () => expect(client.status).toMatchObject({ connection: 'refused', error: { code: 'unauthenticated' } }),
    10_000,
  );
});

test('the script of docs/client.md joins a list by its link and follows it', async () => {
  const { ada, one, listId } = await share();
  await one.mutate('task.create', { id: v7(), listId, title: 'Milk' }).outcome;
  const link = await ada.call('POST', `/api/v1/lists/${listId}/links`, { role: 'viewer' });
  const carol = await product.person('Carol');
  const guide = readFileSync(new URL('../docs/client.md', import.meta.url), 'utf8');
  const [, code = ''] = /```js\n(import [\s\S]*?)```/.exec(guide) ?? [];
  const args = ['script', product.gateways[1]!.url, carol.token, link.body.secret];
  const cwd = new URL('..', import.meta.url);
  const script = spawn(process.execPath, ['--input-type=module', '-e', code, '--', ...args], { cwd });
  let said = '';
  for (const stream of [script.stdout, script.stderr]) stream.on('data', (text) => (said += text));
  try {
    await vi.waitFor(() => expect(said).toContain("[ 'Milk' ]"), 15_000);
    await one.mutate('task.create', { id: v7(), listId, title: 'Oat milk' }).outcome;
    await vi.waitFor(() => expect(said).toContain('Oat milk'), 10_000);
  } finally {
    script.kill();
  }
}, 40_000);
