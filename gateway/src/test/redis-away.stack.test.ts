import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeList, startGateways, type TestGateways } from './start-gateways.ts';

/** A Redis of its own, which dies and comes back. */
const faults: unknown[] = [];
const onFault = (fault: unknown) => void faults.push(fault);
let redis: ChildProcess;
let port: number;
let product: TestGateways;

/** Started directly, since it has to come back on its own port. */
async function startIt(): Promise<void> {
  const program = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)!;
  const settings = { port: String(port), bind: '127.0.0.1', save: '', appendonly: 'no', dir: tmpdir() };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  redis = spawn(program, args, { stdio: 'ignore' });
  const probe = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
  probe.on('error', () => undefined);
  await probe.ping();
  probe.disconnect();
}
async function kill(): Promise<void> {
  const ended = once(redis, 'exit');
  redis.kill('SIGKILL');
  await ended;
}
async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = (server.address() as AddressInfo).port;
  server.close();
  return found;
}

beforeAll(async () => {
  process.on('unhandledRejection', onFault);
  port = await findPort();
  await startIt();
  product = await startGateways(2, { env: { REDIS_URL: `redis://127.0.0.1:${port}` } });
});
afterEach(() => {
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await product.close();
  await kill();
  process.off('unhandledRejection', onFault);
});

const says = (title: string) => (packet: { changes: unknown[] }) => JSON.stringify(packet.changes).includes(title);
const isReady = async () => (await fetch(`${product.gateways[1]!.url}/readyz`)).status === 200;

test('writes go on without Redis, others see them within about a second; with it again, at once', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const [one, two] = [await product.client(ada), await product.client(ben, product.gateways[1])];
  const { id: listId, scope } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  for (const client of [one, two]) await client.get('scope:open', { scopes: [{ scope }] });
  const add = (title: string) => one.mutate('task.create', { id: v7(), listId, title });
  expect(await isReady()).toBe(true);

  await kill();
  expect(await isReady()).toBe(false);
  expect((await add('while it is away')).status).toBe('applied');
  await two.next('scope:changes', says('while it is away'), 2_500);
  // Newcomers are served too, and removals are kept.
  const late = await product.client(ben, product.gateways[1]);
  expect((await late.get('scope:open', { scopes: [{ scope }] })).results[0]?.kind).toBe('snapshot');
  const [threadId, id] = [v7(), v7()];
  expect((await one.mutate('thread.create', { id: threadId, listId, title: 'Plan' })).status).toBe('applied');
  expect((await one.mutate('message.send', { id, threadId, text: 'Plan it' })).status).toBe('applied');

  await startIt();
  await expect.poll(isReady, { timeout: 10_000 }).toBe(true);
  await add('it is back');
  await two.next('scope:changes', says('it is back'), 1_000);
  for (const client of [one, two]) expect(client.seqs(scope)).toEqual([...client.seqs(scope)].sort((a, b) => a - b));
  expect(new Set(two.seqs(scope)).size).toBe(two.seqs(scope).length);
});

test('a removal reaches the other gateway while Redis is away', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const [one, two] = [await product.client(ada), await product.client(ben, product.gateways[1])];
  const { id: listId, scope } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  await two.get('scope:open', { scopes: [{ scope }] });
  await kill();
  await one.mutate('member.remove', { listId, userId: ben.userId });
  await one.mutate('task.create', { id: v7(), listId, title: 'secret' });
  await two.next('scope:gone', (gone) => gone.scope === scope, 5_000);
  expect(JSON.stringify(two.heard)).not.toContain('secret');
  await startIt();
});
