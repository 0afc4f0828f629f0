import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findProcessIdentity } from '../processes/identity.ts';
import { askLauncher } from '../rollout/ask-launcher.ts';
import { readRunFile, type RunFile } from './run-file.ts';

/** The real launcher, Postgres and Redis; small stand-ins for gateway and worker. */
const LAUNCHER = join(import.meta.dirname, 'fixtures', 'launcher.ts');
const PATIENCE = { timeout: 40_000, interval: 25 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

interface Run {
  process: ChildProcess;
  lines: string[];
  ended: Promise<number | null>;
}

let data = '';
const runs: Run[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'muster-launch-'));
});

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.process.kill('SIGTERM');
    await run.ended;
  }
  rmSync(data, { recursive: true, force: true });
});

function start(...extra: string[]): Run {
  const env = { ...process.env, DATABASE_URL: '', REDIS_URL: '', BROKEN_FILE: join(data, 'broken') };
  const child = spawn(process.execPath, [LAUNCHER, '--port', '0', '--data', data, ...extra], { env });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => lines.push(...String(bytes).trim().split('\n')));
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const run = { process: child, lines, ended };
  runs.push(run);
  return run;
}

async function startReady(...extra: string[]): Promise<{ run: Run; file: RunFile }> {
  const run = start(...extra);
  await vi.waitFor(() => expect(run.lines.join('\n')).toContain('READY'), PATIENCE);
  return { run, file: readRunFile(data) as RunFile };
}

async function ask(url: string, path = '/'): Promise<{ pid: number; remote: string; env: Record<string, string> }> {
  const response = await fetch(url + path, { headers: { connection: 'close' } });
  return (await response.json()) as { pid: number; remote: string; env: Record<string, string> };
}

async function stopRun(run: Run): Promise<void> {
  run.process.kill('SIGTERM');
  expect(await run.ended).toBe(0);
}

const pidsOf = (file: RunFile) => [...file.gateways, ...file.workers].map(({ pid }) => pid);
const ledgerPids = () =>
  (JSON.parse(readFileSync(join(data, 'processes.json'), 'utf8')) as { pid: number }[]).map(({ pid }) => pid);
const living = (pids: number[]) => pids.filter((pid) => findProcessIdentity(pid) !== undefined);

test('one address before all gateways, each on its own port too; nothing is left after the end', async () => {
  const { run, file } = await startReady('--gateways', '2', '--workers', '2');
  expect(file.pid).toBe(run.process.pid);
  expect(file.workers).toHaveLength(2);
  const seen = new Set<number>();
  for (let n = 0; n < 6; n += 1) seen.add((await ask(file.url)).pid);
  expect([...seen].sort()).toEqual(file.gateways.map(({ pid }) => pid).sort());
  for (const gateway of file.gateways) expect((await ask(gateway.url)).pid).toBe(gateway.pid);

  const { remote, env } = await ask(file.url);
  expect(remote).toMatch(/127\.0\.0\.1|::1/);
  expect(env).toMatchObject({ DATABASE_URL: file.databaseUrl, REDIS_URL: file.redisUrl, PUBLIC_URL: file.url });
  expect(env['SECRET']).toBe(readFileSync(join(data, 'secret'), 'utf8').trim());

  const pids = ledgerPids();
  expect(pids).toHaveLength(6);
  await stopRun(run);
  expect(living(pids)).toEqual([]);
  expect(existsSync(join(data, 'run.json'))).toBe(false);
});

test('a second start says that the first runs and where', async () => {
  const { run, file } = await startReady('--gateways', '1', '--workers', '1');
  const second = start();
  expect(await second.ended).toBe(1);
  expect(second.lines).toEqual([
    `Muster already runs on ${data} (process ${run.process.pid}): it is at ${file.url}. ` +
      'Stop it first, or give another folder: --data.',
  ]);
  expect((await ask(file.url)).pid).toBe(file.gateways[0]?.pid);
});

test('what dies is started again and said: a gateway, a worker, Redis, Postgres', async () => {
  const { run, file } = await startReady('--gateways', '2', '--workers', '1');
  const [first] = file.gateways;
  const before = pidsOf(file);
  await ask(file.gateways[0]?.url as string, '/crash').catch(() => undefined);
  process.kill(file.workers[0]?.pid as number, 'SIGKILL');
  // The other gateway answers all the while.
  for (let n = 0; n < 4; n += 1) expect((await ask(file.url)).pid).not.toBe(first?.pid);
  await vi.waitFor(() => {
    const now = readRunFile(data) as RunFile;
    expect(living(pidsOf(now))).toHaveLength(3);
    expect(pidsOf(now).filter((pid) => before.includes(pid))).toHaveLength(1);
    expect(now.gateways[0]?.url).toBe(first?.url);
  }, PATIENCE);
  expect(run.lines.join('\n')).toContain('gateway 1 was ended by SIGKILL; starting it again in 0.25 s.');

  const stores = ledgerPids().filter((pid) => !pidsOf(readRunFile(data) as RunFile).includes(pid));
  expect(stores).toHaveLength(2);
  for (const pid of stores) process.kill(pid, 'SIGKILL');
  await vi.waitFor(async () => {
    const client = new pg.Client(file.databaseUrl);
    await client.connect();
    await client.end();
    expect(run.lines.join('\n')).toMatch(/Redis is running again/);
    expect(run.lines.join('\n')).toMatch(/Postgres is running again/);
  }, PATIENCE);
});

test('a rollout replaces every process while the address answers, says so, and stops at what is broken', async () => {
  const { run, file } = await startReady('--gateways', '2', '--workers', '2');
  const rollout = async () => {
    const said: string[] = [];
    const fault = await askLauncher(file.control!, 'rollout', (line) => said.push(line)).catch((error) => error);
    return { said, fault: (fault as Error | undefined)?.message };
  };
  let isOver = false;
  const asking = (async () => {
    for (let n = 0; !isOver; n += 1) await ask(file.url);
  })();
  const [first, second] = await Promise.all([rollout(), rollout()]);
  isOver = true;
  await asking;
  expect(second.fault).toBe('A rollout is under way already.');
  expect(first.fault).toBeUndefined();
  expect(first.said.at(-1)).toMatch(/^All 4 processes are new, after/);
  const renewed = readRunFile(data) as RunFile;
  expect(pidsOf(renewed).filter((pid) => pidsOf(file).includes(pid))).toEqual([]);
  expect(living(pidsOf(file))).toEqual([]);
  expect(living(pidsOf(renewed))).toHaveLength(4);
  expect(run.lines.join('\n')).not.toContain('starting it again');

  const stranger = { ...file.control!, token: 'x' };
  await expect(askLauncher(stranger, 'rollout', () => undefined)).rejects.toThrow('knows no rollout');
  writeFileSync(join(data, 'broken'), '');
  const third = await rollout();
  expect(third.fault).toMatch(/^worker 1 did not come up: it ended with code 1.*this worker is broken/s);
  expect(third.fault).toContain('The 3 after it were not touched.');
  expect(pidsOf(readRunFile(data) as RunFile)).toEqual(pidsOf(renewed));
  expect(living(pidsOf(renewed))).toHaveLength(4);
});

test('nobody is handed to a gateway that hangs', async () => {
  const { file } = await startReady('--gateways', '2', '--workers', '1');
  const [frozen, well] = file.gateways.map(({ pid }) => pid) as [number, number];
  process.kill(frozen, 'SIGSTOP');
  const ten = () =>
    Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(file.url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(1_000) })
          .then((response) => response.json() as Promise<{ pid: number }>)
          .then(({ pid }) => pid)
          .catch(() => frozen),
      ),
    );
  await vi.waitFor(async () => expect(new Set(await ten())).toEqual(new Set([well])), PATIENCE);
  process.kill(frozen, 'SIGCONT');
  await vi.waitFor(async () => expect(new Set(await ten())).toEqual(new Set([frozen, well])), PATIENCE);
});

test('a launcher killed with -9 leaves nothing that the next start does not recover from, and the data stands', async () => {
  const first = await startReady('--gateways', '1', '--workers', '1');
  const redis = new Redis(first.file.redisUrl);
  await redis.set('kept', 'yes');
  redis.disconnect();
  const client = new pg.Client(first.file.databaseUrl);
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`create table kept as select 'yes' as word`);
  // A frozen gateway does not notice that its launcher is gone.
  const frozen = first.file.gateways[0]?.pid as number;
  process.kill(frozen, 'SIGSTOP');
  const pids = ledgerPids();
  first.run.process.kill('SIGKILL');
  await first.run.ended;
  await vi.waitFor(() => expect(living([first.file.workers[0]?.pid as number])).toEqual([]), PATIENCE);

  const second = await startReady('--gateways', '1', '--workers', '1');
  expect(living(pids)).toEqual([]);
  const again = new pg.Client(second.file.databaseUrl);
  await again.connect();
  expect((await again.query('select word from kept')).rows).toEqual([{ word: 'yes' }]);
  await again.end();
  const redisAgain = new Redis(second.file.redisUrl);
  expect(await redisAgain.get('kept')).toBe('yes');
  redisAgain.disconnect();
  await stopRun(second.run);
});

test('everything killed with -9 at once is recovered from too', async () => {
  const first = await startReady('--gateways', '1', '--workers', '1');
  for (const pid of [first.run.process.pid as number, ...ledgerPids()]) process.kill(pid, 'SIGKILL');
  await first.run.ended;
  const second = await startReady('--gateways', '1', '--workers', '1');
  expect((await ask(second.file.url)).pid).toBe(second.file.gateways[0]?.pid);
});

test('a store that cannot be used is told in words, and nothing is left running', async () => {
  const run = start();
  run.process.kill('SIGKILL');
  await run.ended;
  const child = spawn(process.execPath, [LAUNCHER, '--port', '0', '--data', data], {
    env: { ...process.env, REDIS_URL: 'redis://127.0.0.1:1' },
  });
  let output = '';
  child.stderr.on('data', (bytes) => (output += String(bytes)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(output).toContain('REDIS_URL is set, but that Redis cannot be used: connect ECONNREFUSED 127.0.0.1:1');
  expect(living(ledgerPids())).toEqual([]);
});
