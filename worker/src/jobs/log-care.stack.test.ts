import { CARED_FOR } from '@muster/db/care/care-for-log';
import { QUEUES } from '@muster/protocol/internal/jobs';
import { silentLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections } from '@muster/runtime/redis';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import { careSettingsOf, workerConfig } from '../config.ts';
import { createWorker } from '../worker.ts';
import { logCareJob } from './log-care.job.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const settings = careSettingsOf(
  workerConfig.parse({ DATABASE_URL: 'postgres://x/x', REDIS_URL: 'redis://x', TRASH_DAYS: '30' }),
);

async function deletedTask(daysAgo: number): Promise<string> {
  const id = await world.addTask('Old');
  await world.act(world.ada, 'task.delete', { id });
  await world.pool.query('update task set deleted_at = $2 where id = $1', [id, Date.now() - daysAgo * 86_400_000]);
  return id;
}
const isThere = async (id: string): Promise<boolean> =>
  (await world.pool.query('select from task where id = $1', [id])).rowCount === 1;

it('of two workers one does it, by the schedule, and tells what it removed', async () => {
  const [old, young] = [await deletedTask(31), await deletedTask(29)];
  const logger = silentLogger();
  const started = await Promise.all(
    [0, 1].map(async () => {
      const redis = createRedisConnections({ url: world.redisUrl, name: 'worker', logger });
      const metrics = createMetrics({ hasProcessMetrics: false });
      const worker = await createWorker({
        ...{ commit: world.commit, runs: world.runs, lists: world.lists, redis, names: world.names, logger, metrics },
        chooseModel: () => {
          throw new Error('no run is asked for');
        },
        ...{ concurrency: 1, graceMs: 100, deadlineMs: 10_000 },
        care: { pool: world.pool, settings, everyMs: 3_600_000 },
      });
      return { worker, metrics, redis };
    }),
  );
  await expect.poll(() => isThere(old), { timeout: 20_000 }).toBe(false);
  expect(await isThere(young)).toBe(true);
  await expect
    .poll(async () => (await Promise.all(started.map(({ metrics }) => metrics.text()))).join(''))
    .toContain('muster_log_care_removed_total{what="tasks"} 1');
  const queue = new Queue(QUEUES.care, { connection: { url: world.redisUrl }, prefix: world.names.queuePrefix });
  expect(await queue.getJobSchedulersCount()).toBe(1);
  expect(await queue.getDelayedCount()).toBe(1);
  await queue.close();
  await Promise.all(started.map(({ worker }) => worker.close()));
  await Promise.all(started.map(({ redis }) => redis.close()));
}, 40_000);

const job = (more: Partial<Parameters<typeof logCareJob>[0]>) =>
  logCareJob({
    ...{ pool: world.pool, commit: world.commit, settings, logger: silentLogger() },
    ...{ onRemoved: () => undefined, onFault: () => undefined, isStopping: () => false },
    ...more,
  });

it('ends when the worker stops or its time is up, and the next round does the rest', async () => {
  const id = await deletedTask(40);
  expect(await job({ isStopping: () => true })({})).toBe('nothing to do');
  expect(await job({ roundMs: 0 })({})).toBe('nothing to do');
  expect(await isThere(id)).toBe(true);
  expect(await job({})({})).toBe('tasks 1');
  expect(await job({})({})).toBe('nothing to do');
});

it('a part that fails is told, and does not keep the others from being done', async () => {
  const id = await deletedTask(40);
  await world.pool.query('alter table idempotency rename to elsewhere');
  const failed: string[] = [];
  await job({ onFault: (what) => void failed.push(what) })({});
  await world.pool.query('alter table elsewhere rename to idempotency');
  expect(failed).toEqual(['idempotency keys']);
  expect(CARED_FOR).toContain('idempotency keys');
  expect(await isThere(id)).toBe(false);
});
