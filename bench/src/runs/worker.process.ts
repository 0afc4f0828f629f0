/** One worker as it runs in production, whose agent recites, and which may send each word alone. */
import { createCommit } from '@muster/db/commit/create-commit';
import { createDatabase, createPool } from '@muster/db/connection';
import { createRunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { redisNames } from '@muster/protocol/internal/channels';
import { parseConfig } from '@muster/runtime/config';
import { createLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections } from '@muster/runtime/redis';
import { createCommitTraces } from '@muster/runtime/trace-commits';
import { noTracing } from '@muster/runtime/tracing';
import { chooseModel } from '@muster/worker/agent/models/provider';
import { createReciter } from '@muster/worker/agent/models/reciter';
import { careSettingsOf, workerConfig } from '@muster/worker/config';
import { createPublish } from '@muster/worker/publish';
import { createWorker } from '@muster/worker/worker';
import { cpuMicros, serve } from '../processes/serve.ts';

const config = parseConfig(workerConfig, process.env);
const logger = createLogger({ name: 'worker', level: config.LOG_LEVEL });
const pool = createPool({ connectionString: config.DATABASE_URL, max: 8 });
const redis = createRedisConnections({ url: config.REDIS_URL, name: 'worker', logger });
const names = redisNames(config.REDIS_PREFIX);
const traces = createCommitTraces(noTracing, (name) => name);
const publish = createPublish({ redis: redis.get('publisher'), names, logger, traces });
const db = createDatabase(pool);
const model = createReciter(await chooseModel(config));
const isEachAlone = process.env['EACH_WORD_ALONE'] === 'true';
const worker = await createWorker({
  commit: createCommit({ databaseUrl: config.DATABASE_URL, pool, publish, logger }),
  runs: createRunWorkRepository(db),
  lists: createToolListRepository(db),
  ...{ redis, names, logger },
  metrics: createMetrics({ labels: { process: 'worker' } }),
  chooseModel: () => model,
  concurrency: config.WORKER_CONCURRENCY,
  graceMs: config.WORKER_GRACE_MS,
  deadlineMs: config.AGENT_DEADLINE_MS,
  care: { pool, settings: careSettingsOf(config), everyMs: config.LOG_CARE_EVERY_MS },
  ...(isEachAlone ? { pace: { windowMs: 0, flushed: () => undefined } } : {}),
});

const calls = { cpuMicros, close: () => worker.close() };
export type WorkerCalls = typeof calls;
serve(calls);
