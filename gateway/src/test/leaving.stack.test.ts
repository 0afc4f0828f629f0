import { Agent, request } from 'node:http';
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

test('requests that are under way are answered, each as the last of its connection', async () => {
  const leaving = await product.start({ env: { DRAIN_NOTICE_MS: '300' } });
  const ada = await product.person('Ada');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string, body?: string) =>
    new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' };
      const asked = request(leaving.url + path, { agent, method: body === undefined ? 'GET' : 'POST', headers });
      asked.once('error', reject);
      asked.once('response', (answer) => {
        answer
          .resume()
          .once('end', () => resolve({ status: answer.statusCode, connection: answer.headers.connection }));
      });
      if (body === undefined) return void asked.end();
      // The first half of a body, and the rest once the gateway is leaving.
      asked.write(body.slice(0, 5));
      void whenDraining.then(() => asked.end(body.slice(5)));
    });
  const client = await product.client(ada, leaving);
  const whenDraining = client.next('server:drain');
  expect(await ask('/readyz')).toEqual({ status: 200, connection: 'keep-alive' });
  const posted = ask('/api/v1/lists', JSON.stringify({ title: 'Last list' }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = leaving.close();
  // Before it drains it says so, and serves whoever has not noticed yet.
  expect((await fetch(`${leaving.url}/readyz`)).status).toBe(503);
  await product.client(ada, leaving);
  expect(await posted).toEqual({ status: 201, connection: 'close' });
  expect(await closing).toBe(true);
});

test('where all of the product ends, nobody is waited for, and it ends cleanly all the same', async () => {
  const haste = new AbortController();
  const leaving = await product.start({ hurried: haste.signal, env: { DRAIN_MS: '60000', DRAIN_NOTICE_MS: '60000' } });
  const ada = await product.person('Ada');
  const clients = await Promise.all(Array.from({ length: 10 }, () => product.client(ada, leaving)));
  const closing = leaving.close();
  haste.abort();
  await Promise.all(clients.map((client) => client.next('server:drain')));
  expect(await closing).toBe(true);
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
