import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { createTestRedis } from '@muster/testing/redis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

/** The process itself, as a launcher sees it. */
let database: TestDatabase;
let environment: NodeJS.ProcessEnv;
const children: ChildProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  const { url, prefix } = createTestRedis();
  environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    REDIS_URL: url,
    REDIS_PREFIX: prefix,
    SECRET: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'error',
  };
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
});

function start(overrides: NodeJS.ProcessEnv = {}) {
  const child = fork(new URL('main.ts', import.meta.url), [], {
    env: { ...environment, ...overrides },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, ended, said: () => words };
}
const ready = async (child: ChildProcess) => ((await once(child, 'message')) as [{ type: string; port: number }])[0];

test('it says when it is ready, and a stop signal ends it cleanly', async () => {
  const { child, ended } = start();
  const { type, port } = await ready(child);
  expect(type).toBe('ready');
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('it serves the connections that it is handed, and ends with its launcher', async () => {
  const { child, ended } = start();
  await ready(child);
  const taken: unknown[] = [];
  child.on('message', (message) => void taken.push(message));
  const door = createServer(
    { pauseOnConnect: true },
    (socket) => void child.send({ type: 'connection', id: 7 }, socket),
  );
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(door.address() as AddressInfo).port}/healthz`);
  expect(await answer.json()).toEqual({ status: 'ok' });
  await vi.waitFor(() => expect(taken).toEqual([{ type: 'taken', id: 7 }]));
  door.close();
  child.disconnect();
  expect(await ended).toBe(0);
});

test.each([
  ['without a secret', { SECRET: undefined }, /^SECRET is missing: it should be .*32 characters/],
  ['with a short secret', { SECRET: 'hunter2' }, /^SECRET should be .*32 characters/],
  ['with a secret of one letter', { SECRET: 's'.repeat(40) }, /^SECRET is too simple/],
  ['with a port that is none', { PORT: 'http' }, /^PORT should be a port/],
  ['with a wildcard origin', { ALLOWED_ORIGINS: '*' }, /ALLOWED_ORIGINS/],
])('it refuses to start %s, in one line', async (_how, overrides, line) => {
  const { ended, said } = start(overrides);
  expect(await ended).toBe(1);
  expect(said()).toMatch(line);
  expect(said().trim().split('\n')).toHaveLength(1);
  expect(said()).not.toContain('hunter2');
});
