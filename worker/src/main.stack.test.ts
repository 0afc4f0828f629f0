import { AGENT_ID } from '@muster/protocol/principal';
import { agentRunJobId, QUEUES } from '@muster/protocol/internal/jobs';
import { Queue } from 'bullmq';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startFakeProvider, WORDS, type FakeProvider, type Scenario } from '../test/fake-provider.ts';
import { viewedTexts } from '../test/viewer.ts';
import { createWorld, type World } from '../test/world.ts';

/** Real processes over a real queue, with a provider over HTTP: killed, stopped, and left without a hint. */
let world: World;
let provider: FakeProvider;
let queue: Queue;
const workers: ChildProcess[] = [];
beforeAll(async () => {
  world = await createWorld();
  queue = new Queue(QUEUES.runs, { connection: { url: world.redisUrl }, prefix: world.names.queuePrefix });
});
afterAll(async () => {
  await queue.close();
  await world.close();
});
beforeEach(async () => {
  provider = await startFakeProvider();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    if (worker.exitCode !== null || worker.signalCode !== null) continue;
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  await provider.close();
});

const PATIENCE = { timeout: 30_000, interval: 50 };

async function startWorker(scenario: Scenario, env: Record<string, string> = {}): Promise<ChildProcess> {
  const child = fork(new URL('./main.ts', import.meta.url), {
    stdio: process.env['MUSTER_TEST_LOG'] ? 'inherit' : 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
      REDIS_PREFIX: world.prefix,
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: provider.url,
      AGENT_MODEL: scenario,
      WORKER_GRACE_MS: '100',
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
  workers.push(child);
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  expect(message).toEqual({ type: 'ready' });
  return child;
}

const enqueue = (runId: string, attempt = 0) =>
  queue.add(
    'agent-run',
    { runId },
    { jobId: agentRunJobId(runId, attempt), removeOnComplete: true, removeOnFail: true },
  );
const status = async (runId: string) => (await world.run(runId)).status;
const shown = async (runId: string) => [...viewedTexts(await world.stream(runId)).values()];

it('works on what is queued, and on what was never queued', { timeout: 40_000 }, async () => {
  await startWorker('says');
  const threads = [await world.newThread(), await world.newThread()] as const;
  const queued = await world.ask('hello', { threadId: threads[0] });
  const forgotten = await world.ask('hello', { threadId: threads[1] });
  await enqueue(queued);
  await expect.poll(() => status(queued), PATIENCE).toBe('completed');
  await expect.poll(() => status(forgotten), PATIENCE).toBe('completed');
  expect(await shown(forgotten)).toEqual([WORDS]);
});

it(
  'killed in the middle of its words: another worker goes on, and nothing is there twice',
  { timeout: 60_000 },
  async () => {
    const threadId = await world.newThread();
    const first = await startWorker('falls-silent');
    const runId = await world.ask('hello', { threadId });
    await enqueue(runId);
    await expect.poll(async () => (await shown(runId)).join(''), PATIENCE).not.toBe('');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await startWorker('says');
    await expect.poll(() => status(runId), PATIENCE).toBe('completed');
    expect(await world.run(runId)).toMatchObject({ attempt: 2 });
    expect(await shown(runId)).toEqual([WORDS]);
    expect((await world.items(runId)).map((item) => item.text)).toEqual([WORDS]);
  },
);

it('frozen for long, and back again: its successor’s words stand', { timeout: 60_000 }, async () => {
  const threadId = await world.newThread();
  const first = await startWorker('falls-silent');
  const runId = await world.ask('hello', { threadId });
  await enqueue(runId);
  await expect.poll(async () => (await shown(runId)).join(''), PATIENCE).not.toBe('');
  first.kill('SIGSTOP');
  await startWorker('says');
  await expect.poll(() => status(runId), PATIENCE).toBe('completed');
  // The stream's last word follows the commit.
  await expect.poll(async () => (await world.stream(runId)).at(-1)?.k, PATIENCE).toBe('status');
  const before = JSON.stringify([await world.items(runId), await world.stream(runId), await world.run(runId)]);
  first.kill('SIGCONT');
  first.kill('SIGTERM');
  await once(first, 'exit');
  expect(JSON.stringify([await world.items(runId), await world.stream(runId), await world.run(runId)])).toBe(before);
});

it('told to stop, it hands its runs back in time', { timeout: 40_000 }, async () => {
  const threadId = await world.newThread();
  const first = await startWorker('falls-silent');
  const runId = await world.ask('hello', { threadId });
  await enqueue(runId);
  await expect.poll(async () => (await shown(runId)).join(''), PATIENCE).not.toBe('');
  const askedAt = Date.now();
  first.kill('SIGTERM');
  const [code] = (await once(first, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(Date.now() - askedAt).toBeLessThan(5_000);
  expect(await status(runId)).toBe('queued');
  await startWorker('says');
  // The job for the next attempt is in the queue already: no sweeper is waited for.
  await expect.poll(() => status(runId), PATIENCE).toBe('completed');
  expect(await shown(runId)).toEqual([WORDS]);
});

it('without a key the built-in assistant does it, at a human pace', { timeout: 40_000 }, async () => {
  await startWorker('says', { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', AGENT_MODEL: '' });
  const runId = await world.ask('add milk, eggs and call the bank tomorrow at 9', {
    threadId: await world.newThread(),
  });
  await enqueue(runId);
  await expect.poll(() => status(runId), PATIENCE).toBe('completed');
  expect(await world.run(runId)).toMatchObject({ model: 'built-in' });
  const { rows } = await world.pool.query<{ title: string; due: unknown }>(
    `select title, due from task where scope_id = $1 and created_by in ($2, $3)`,
    [`list:${world.listId}`, AGENT_ID, world.ada],
  );
  expect(rows.map((row) => row.title.toLowerCase()).sort()).toEqual(['call the bank', 'eggs', 'milk']);
  expect(rows.find((row) => row.title.toLowerCase() === 'call the bank')?.due).toMatchObject({
    time: '09:00',
    zone: 'Europe/Berlin',
  });
  // Its words come one after the other, and are what is stored.
  const words = (await world.stream(runId)).filter((entry) => entry.k === 'text');
  expect(words.length).toBeGreaterThan(2);
  expect(await shown(runId)).toEqual((await world.items(runId)).flatMap((item) => item.text ?? []));
});

it('goes with its launcher', { timeout: 40_000 }, async () => {
  const worker = await startWorker('says');
  worker.disconnect();
  const [code] = (await once(worker, 'exit')) as [number | null];
  expect(code).toBe(0);
});

it('stops by a poke from another process', { timeout: 40_000 }, async () => {
  await startWorker('falls-silent');
  const runId = await world.ask('hello', { threadId: await world.newThread() });
  await enqueue(runId);
  await expect.poll(async () => (await shown(runId)).join(''), PATIENCE).not.toBe('');
  await world.commit({
    actor: { id: world.ada, kind: 'person' },
    commands: [{ name: 'run.stop', args: { runId } }],
    trusted: true,
  });
  await world.redis.publish(world.names.stopChannel, runId);
  await expect.poll(() => status(runId), { timeout: 1_500, interval: 20 }).toBe('stopped');
});

it('says in one line what is wrong with its settings', { timeout: 40_000 }, async () => {
  const child = fork(new URL('./main.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], DATABASE_URL: world.databaseUrl, REDIS_URL: 'nonsense' },
  });
  workers.push(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(1);
  expect(said.trim().split('\n')).toHaveLength(1);
  expect(said).toMatch(/^REDIS_URL should be/);
});
