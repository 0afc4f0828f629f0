import { createCommit } from '@muster/db/commit/create-commit';
import { createDatabase, createPool } from '@muster/db/connection';
import { requireMigrated } from '@muster/db/migrate';
import { createMailRepository } from '@muster/db/repositories/mail.repository';
import { createRunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { redisNames } from '@muster/protocol/internal/channels';
import { ConfigError, parseConfig } from '@muster/runtime/config';
import { createErrorReports } from '@muster/runtime/error-reports';
import { createLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections, whenRedisReady } from '@muster/runtime/redis';
import { serveMetrics } from '@muster/runtime/serve-metrics';
import { createShutdown, endWithProcess } from '@muster/runtime/shutdown';
import { createCommitTraces } from '@muster/runtime/trace-commits';
import { createTracing } from '@muster/runtime/tracing';
import { chooseModel } from './agent/models/provider.ts';
import { createReciter } from './agent/models/reciter.ts';
import { traceModel } from './agent/models/traced-model.ts';
import { careSettingsOf, workerConfig } from './config.ts';
import { createSmtpMailer } from './mail/mailer.ts';
import { createPublish } from './publish.ts';
import { createWorker } from './worker.ts';

/** Handing runs back takes a commit each, after the grace time. */
const HAND_BACK_MS = 5_000;

async function main(): Promise<void> {
  const config = parseConfig(workerConfig, process.env);
  const reports = await createErrorReports(config, 'worker');
  const logger = createLogger({ name: 'worker', level: config.LOG_LEVEL, onError: reports?.report });
  const shutdown = createShutdown({ logger });
  endWithProcess(shutdown, { process, logger });
  shutdown.register('stores', 'error reports', () => reports?.close());

  const tracing = await createTracing(config, { name: 'muster-worker', logger });
  shutdown.register('stores', 'traces', () => tracing.close());
  const traces = createCommitTraces(tracing, (name) => name);
  const pool = createPool({
    connectionString: config.DATABASE_URL,
    application_name: 'muster-worker',
    max: 8,
    onError: (err) => logger.warn({ err }, 'a database connection broke'),
  });
  shutdown.register('stores', 'postgres', () => pool.end());
  await requireMigrated(pool);

  const redis = createRedisConnections({ url: config.REDIS_URL, name: 'worker', logger });
  shutdown.register('stores', 'redis', () => redis.close());
  await Promise.all([whenRedisReady(redis.get('commands')), whenRedisReady(redis.get('publisher'))]);

  const names = redisNames(config.REDIS_PREFIX);
  const publish = createPublish({ redis: redis.get('publisher'), names, logger, traces });
  const isOptimistic = config.COMMIT_FLIGHTS === 'one';
  const committing = createCommit({ databaseUrl: config.DATABASE_URL, pool, publish, logger, isOptimistic });
  const commit = traces.trace(committing);
  shutdown.register('workers', 'commit', () => commit.close());

  const db = createDatabase(pool);
  const metrics = createMetrics({ labels: { process: 'worker' } });
  const chosen = await chooseModel(config);
  const model = traceModel(config.ASSISTANT_RECITES ? createReciter(chosen) : chosen, tracing);
  logger.info({ model: model.name }, 'the agent answers with');
  const { SMTP_URL, MAIL_FROM, PUBLIC_URL } = config;
  const mail =
    SMTP_URL && MAIL_FROM && PUBLIC_URL
      ? {
          mails: createMailRepository(db),
          mailer: createSmtpMailer({ url: SMTP_URL, from: MAIL_FROM }),
          publicUrl: PUBLIC_URL,
        }
      : undefined;
  if (mail) shutdown.register('stores', 'mail', () => mail.mailer.close());
  else logger.info('no SMTP_URL: no mail is sent');
  const worker = await createWorker({
    commit,
    runs: createRunWorkRepository(db),
    lists: createToolListRepository(db),
    redis,
    names,
    logger,
    tracing,
    metrics,
    chooseModel: () => model,
    concurrency: config.WORKER_CONCURRENCY,
    graceMs: config.WORKER_GRACE_MS,
    deadlineMs: config.AGENT_DEADLINE_MS,
    care: { pool, settings: careSettingsOf(config), everyMs: config.LOG_CARE_EVERY_MS },
    mail,
  });
  shutdown.register('drain', 'runs', () => worker.close(shutdown.hurried), {
    timeoutMs: config.WORKER_GRACE_MS + HAND_BACK_MS,
  });

  if (config.WORKER_METRICS_PORT !== undefined) {
    const server = await serveMetrics(metrics, config.WORKER_METRICS_PORT);
    shutdown.register('accept', 'metrics', () => server.close());
  }
  process.send?.({ type: 'ready' });
  logger.info({ pid: process.pid }, 'ready');
}

main().catch((error: unknown) => {
  // A wrong setting is the operator's to mend: its line says all, and a stack would hide it.
  const text = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`, () => process.exit(1));
});
