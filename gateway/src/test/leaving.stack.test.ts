import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeList, startGateways, type TestGateways } from './start-gateways.ts';

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(2);
});
afterAll(() => product.close());

test('a gateway that drains tells its clients, closes a few at a time, and answers what is under way', async () => {
  const leaving = await product.start();
  const ada = await product.person('Ada');
  const clients = await Promise.all(Array.from({ length: 10 }, () => product.client(ada, leaving)));
  const writer = clients[0]!;
  const { id: listId } = await makeList(writer);
  const closedAt: number[] = [];
  for (const client of clients) client.socket.once('disconnect', () => closedAt.push(performance.now()));
  const answer = writer.mutate('task.create', { id: v7(), listId, title: 'Last words' });
  const ready = fetch(`${leaving.url}/readyz`);
  expect((await ready).status).toBe(200);
  const closing = leaving.close();
  await Promise.all(clients.map((client) => client.next('server:drain')));
  expect((await answer).status).toBe('applied');
  expect(await closing).toBe(true);
  expect(closedAt).toHaveLength(10);
  expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThan(300);
});

test('a reader on a slow line fills no memory, and has everything once its line is free', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const [one, two] = [await product.client(ada), await product.client(ben, product.gateways[1])];
  const { id: listId, scope } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  await two.get('scope:open', { scopes: [{ scope }] });

  const { engine } = two.socket.io;
  const line = (engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws._socket;
  line.pause();
  const notes = 'x'.repeat(19_000);
  let last = 0;
  let hasLagged = false;
  for (let n = 0; n < 600; n++) {
    const { seqs } = (await one.mutate('task.create', { id: v7(), listId, title: `Task ${n}`, notes })) as {
      seqs: Record<string, number>;
    };
    last = seqs[scope] ?? last;
    // Asked now and then: the metrics are the operator's window on it.
    if (n % 50 === 49)
      hasLagged ||= /muster_lagging_sockets\{.*\} 1/.test(
        await (await fetch(`${product.gateways[1]!.url}/metrics`)).text(),
      );
  }
  expect(hasLagged).toBe(true);
  line.resume();
  await two.next('scope:changes', (packet) => packet.scope === scope && packet.to === last, 20_000);
  expect(two.seqs(scope)).toEqual(Array.from({ length: last - 2 }, (_, n) => n + 3));
}, 60_000);
