import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { makeList, startGateways, type TestGateways } from './start-gateways.ts';

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(1);
  // How broadcasts are written is each gateway's own business.
  await product.start({ env: { FAN_OUT: 'stock' } });
});
afterAll(() => product.close());

test('hello comes first, and says who and which log', async () => {
  const ada = await product.person('Ada');
  const client = await product.client(ada);
  expect(client.heard[0]).toEqual({
    event: 'hello',
    data: { userId: ada.userId, was: [], gateway: product.gateways[0]!.id, protocol: 1, logEpoch: expect.any(String) },
  });
});

test('a change reaches those who have its list open, on both gateways, once and in order', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const [one, two] = await Promise.all([
    product.client(ada, product.gateways[0]),
    product.client(ben, product.gateways[1]),
  ]);
  const { id: listId, scope } = await makeList(one);
  expect(await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' })).toMatchObject({
    status: 'applied',
  });
  const opened = await one.get('scope:open', { scopes: [{ scope }] });
  expect(opened.results[0]).toMatchObject({ scope, kind: 'snapshot', seq: 2 });
  expect(opened.profiles[ada.userId]).toEqual({ name: 'Ada', image: null, kind: 'person' });
  await two.get('scope:open', { scopes: [{ scope }] });

  for (let n = 0; n < 20; n++)
    await (n % 2 ? one : two).mutate('task.create', { id: v7(), listId, title: `Task ${n}` });
  for (const client of [one, two]) {
    await client.next('scope:changes', (packet) => packet.scope === scope && packet.to === 22);
    expect(client.seqs(scope)).toEqual(Array.from({ length: 20 }, (_, n) => n + 3));
  }
});
