import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createClient } from '@muster/client/client';
import { startGateways, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf } from '@muster/protocol/id';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { findAnyPort } from '../scripts/services/ports.ts';

/** The proxy of docker-compose.yml with its own file, before two real gateways and a real worker. */
const ROOT = join(import.meta.dirname, '..');
const PATIENCE = { timeout: 20_000, interval: 50 };

let product: TestGateways;
let url = '';
const folder = mkdtempSync(join(tmpdir(), 'muster-caddy-'));
const children: ChildProcess[] = [];

beforeAll(async () => {
  if (spawnSync('caddy', ['version']).error)
    throw new Error('This test needs caddy: npm test installs it (Debian, Ubuntu: apt install caddy).');
  const [port, httpPort] = [await findAnyPort(), await findAnyPort()];
  url = `https://localhost:${port}`;
  const env = { TRUST_PROXY: '1', PUBLIC_URL: url, DRAIN_NOTICE_MS: '2500', DRAIN_MS: '3000' };
  product = await startGateways(2, { env });
  const worker = fork(join(ROOT, 'worker', 'src', 'main.ts'), {
    stdio: 'ignore',
    env: {
      ...{ PATH: process.env['PATH'], DATABASE_URL: product.databaseUrl, REDIS_URL: product.redisUrl },
      ...{ REDIS_PREFIX: product.prefix, ASSISTANT_WORDS_PER_SECOND: '12', WORKER_GRACE_MS: '100' },
    },
  });
  const caddy = spawn('caddy', ['run', '--config', join(ROOT, 'deploy', 'Caddyfile'), '--adapter', 'caddyfile'], {
    stdio: 'ignore',
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      ...{ SITE_ADDRESS: 'localhost', HTTPS_PORT: String(port), HTTP_PORT: String(httpPort) },
      GATEWAYS: product.gateways.map((gateway) => `127.0.0.1:${gateway.port}`).join(' '),
    },
  });
  children.push(worker, caddy);
  await once(worker, 'message');
  await vi.waitFor(() => {
    const root = readFileSync(join(folder, 'caddy', 'pki', 'authorities', 'local', 'root.crt'), 'utf8');
    setDefaultCACertificates([...getCACertificates('default'), root]);
  }, PATIENCE);
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), PATIENCE);
}, 60_000);

afterAll(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await product.close();
  rmSync(folder, { recursive: true, force: true });
});

test('metrics stay inside, and plain HTTP is sent to TLS', async () => {
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('an answer streams through it as it comes', async () => {
  const ada = await product.person('Ada');
  const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' };
  const ask = (path: string, body: object, more = {}) =>
    fetch(url + path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const list = (await (await ask('/api/v1/lists', { title: 'Groceries' })).json()) as { id: string };
  const thread = (await (await ask('/api/v1/threads', { listId: list.id, title: 'Ask' })).json()) as { id: string };
  const answer = await ask(
    `/api/v1/threads/${thread.id}/messages`,
    { text: 'add bread, butter and jam, and tell me what is open' },
    { accept: 'text/event-stream' },
  );
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const pieces: { at: number; text: string }[] = [];
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream()))
    pieces.push({ at: performance.now(), text });
  expect(pieces.map(({ text }) => text).join('')).toContain('"completed"');
  const words = pieces.filter(({ text }) => text.includes('"offset"'));
  expect(words.length).toBeGreaterThan(3);
  // Held back by a buffer, they would all come at once.
  expect(words.at(-1)!.at - words[0]!.at).toBeGreaterThan(300);
});

test('two people on sockets through it; one gateway leaves, and both go on by the other one', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const clients = [ada, ben, ada, ben].map(({ token }) => createClient({ url, token }));
  const [one, two] = clients as [(typeof clients)[0], (typeof clients)[0]];
  const offline: string[] = [];
  try {
    await Promise.all(clients.map((client) => client.start()));
    const listId = v7();
    const scope = scopeOf('list', listId);
    await one.mutate('list.create', { id: listId, title: 'Groceries' }).outcome;
    await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' }).outcome;
    const titles = (client: (typeof clients)[0]) =>
      client
        .all(scope, 'task')
        .map(({ value }) => value.title)
        .sort();
    const outcomes = [];
    let isGone = false;
    const closing = product.gateways[0]!.close().finally(() => (isGone = true));
    for (let n = 0; !isGone || n < 20; n += 1) {
      const client = n % 2 === 0 ? one : two;
      if (client.scopeState(scope).state === 'open')
        outcomes.push(client.mutate('task.create', { id: v7(), listId, title: `Task ${n}` }).outcome);
      if (client.status.connection === 'offline') offline.push(`at ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await closing).toBe(true);
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ status: 'applied' });
    await vi.waitFor(() => {
      for (const client of clients) expect(titles(client)).toHaveLength(outcomes.length);
      for (const client of clients) expect(client.status.connection).toBe('online');
    }, PATIENCE);
    expect(offline).toEqual([]);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}, 60_000);
