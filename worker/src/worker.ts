import type { CareSettings } from '@muster/db/care/care-for-log';
import type { Commit } from '@muster/db/commit/types';
import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import type { ToolListRepository } from '@muster/db/repositories/tool-list.repository';
import type { RedisNames } from '@muster/protocol/internal/channels';
import { QUEUES, type JobName } from '@muster/protocol/internal/jobs';
import type { Logger } from '@muster/runtime/logger';
import type { Metrics } from '@muster/runtime/metrics';
import type { RedisConnections } from '@muster/runtime/redis';
import { noTracing, type Tracing } from '@muster/runtime/tracing';
import { setTracingDisabled } from '@openai/agents';
import { Queue, Worker as BullWorker, type Job } from 'bullmq';
import type pg from 'pg';
import type { ChosenModel } from './agent/models/provider.ts';
import type { PatienceOptions } from './agent/model-stream.ts';
import { agentRunJob } from './jobs/agent-run.job.ts';
import { createDispatch } from './jobs/job-handlers.ts';
import { CARE_SCHEDULER, logCareJob } from './jobs/log-care.job.ts';
import { MAIL_EVERY_MS, MAIL_SCHEDULER, sendMailJob, type MailDeps } from './jobs/send-mail.job.ts';
import { SWEEP_EVERY_MS, SWEEP_SCHEDULER, sweepJob, type SweepDeps } from './jobs/sweep.job.ts';
import { createActiveRuns } from './run/active-runs.ts';
import type { ExecuteDeps } from './run/execute-run.ts';
import { createFlushPace, type FlushPace } from './run/flush-pace.ts';
import { createGuardReader } from './run/guard-reader.ts';
import { createRunQueue } from './run/run-queue.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/** Short, so that a dead worker's job is another's soon; beats and the row decide what really happens to its run. */
const LOCK_MS = 10_000;
const STALLED_EVERY_MS = 5_000;
/** Of runs, where everything ends. */
const HURRIED_GRACE_MS = 1_000;
/** A Redis that comes back empty has no scheduler any more. */
const RESCHEDULE_EVERY_MS = 30_000;

export interface WorkerDeps {
  commit: Commit;
  runs: RunWorkRepository;
  lists: ToolListRepository;
  redis: RedisConnections;
  names: RedisNames;
  logger: Logger;
  tracing?: Tracing;
  metrics: Metrics;
  chooseModel: () => ChosenModel;
  concurrency: number;
  /** How long runs may go on once it closes, before they are handed back. */
  graceMs: number;
  /** Of one attempt of a run. */
  deadlineMs: number;
  patience?: PatienceOptions;
  /** How long words wait for more of them; as it comes, the worker's own measure. */
  pace?: FlushPace;
  sweep?: Pick<SweepDeps, 'silentAfterMs' | 'waitingAfterMs'>;
  /** For what is removed once it has been kept long enough. */
  care: { pool: pg.Pool; settings: CareSettings; everyMs: number };
  /** Left out where no mail is set up: what was to be sent then waits until it is of no use. */
  mail?: Omit<MailDeps, 'logger' | 'onMail'> | undefined;
}

export interface RunningWorker {
  /**
   * Takes nothing new, lets runs come to their end for a while, hands back the rest.
   * @param hurried hands them back soon: all of the product ends
   */
  close(hurried?: AbortSignal): Promise<void>;
}

/** Builds a worker and lets it work. It opens no port and touches no global but the SDK's tracing, which it turns off. */
export async function createWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { redis, names, logger, runs, commit } = deps;
  setTracingDisabled(true);
  const onFault = (err: unknown): void => logger.warn({ err }, 'worker');
  const producer = { connection: redis.get('commands') as never, prefix: names.queuePrefix };
  const queues = {
    runs: new Queue(QUEUES.runs, producer),
    upkeep: new Queue(QUEUES.upkeep, producer),
    care: new Queue(QUEUES.care, producer),
    mail: new Queue(QUEUES.mail, producer),
  };
  // BullMQ prints what nobody listens for, as stacks between the lines of the log.
  for (const one of Object.values(queues)) one.on('error', onFault);
  let isStopping = false;
  const active = createActiveRuns(onFault);
  const metrics = createWorkerMetrics({ metrics: deps.metrics, runs, activeRuns: () => active.size });
  const queue = createRunQueue({ queue: queues.runs, runs, onFault });
  const execute: ExecuteDeps = {
    commit,
    runs,
    lists: deps.lists,
    redis: redis.get('commands'),
    names,
    logger,
    guards: createGuardReader(runs.readGuards),
    active,
    pace: deps.pace ?? createFlushPace(),
    queue,
    chooseModel: deps.chooseModel,
    deadlineMs: deps.deadlineMs,
    ...(deps.patience ? { patience: deps.patience } : {}),
    onEnd: metrics.runEnded,
    onToolCall: metrics.toolCalled,
  };
  const dispatch = createDispatch({
    'agent-run': agentRunJob(execute, deps.tracing ?? noTracing),
    'sweep-runs': sweepJob({ runs, commit, queue, logger, ...deps.sweep }),
    'care-for-log': logCareJob({
      ...{ pool: deps.care.pool, settings: deps.care.settings, commit, logger },
      onRemoved: metrics.removed,
      onFault: metrics.careFailed,
      isStopping: () => isStopping,
    }),
    'send-mail': sendMailJob(deps.mail && { ...deps.mail, logger, onMail: metrics.mailed }),
  });

  const work = (name: string, concurrency: number): BullWorker => {
    const worker = new BullWorker(name, (job: Job) => dispatch(job.name as JobName, job.data), {
      connection: redis.another('worker', `worker-${name}`) as never,
      prefix: names.queuePrefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      // Whether a run may go on is the row's affair; a job that stalls again and again is added anew by the sweeper.
      maxStalledCount: 3,
    });
    worker.on('failed', (job, err) => logger.error({ job: job?.name, err }, 'job failed'));
    worker.on('error', onFault);
    return worker;
  };
  const workers = [work(QUEUES.runs, deps.concurrency), work(QUEUES.upkeep, 1), work(QUEUES.care, 1)];
  if (deps.mail) workers.push(work(QUEUES.mail, 1));

  const opts = { removeOnComplete: true, removeOnFail: true };
  // One of each for all workers, however many say so.
  const schedule = (): Promise<unknown> =>
    Promise.all([
      queues.upkeep.upsertJobScheduler(
        SWEEP_SCHEDULER,
        { every: SWEEP_EVERY_MS },
        { name: 'sweep-runs', data: {}, opts },
      ),
      queues.care.upsertJobScheduler(
        CARE_SCHEDULER,
        { every: deps.care.everyMs },
        { name: 'care-for-log', data: {}, opts },
      ),
      deps.mail &&
        queues.mail.upsertJobScheduler(MAIL_SCHEDULER, { every: MAIL_EVERY_MS }, { name: 'send-mail', data: {}, opts }),
    ]);
  const rescheduling = setInterval(() => void schedule().catch(onFault), RESCHEDULE_EVERY_MS);

  const stops = redis.another('subscriber', 'stops');
  stops.on('message', (_channel, runId: string) => active.poke(runId));
  await Promise.all([
    stops.subscribe(names.stopChannel),
    schedule(),
    ...workers.map((worker) => worker.waitUntilReady()),
  ]);

  return {
    async close(hurried = new AbortController().signal) {
      isStopping = true;
      clearInterval(rescheduling);
      const closing = workers.map((worker) => worker.close());
      const handBack = () => {
        if (active.size > 0) logger.info({ runs: active.size }, 'handing runs back');
        active.interruptAll();
      };
      const grace = setTimeout(handBack, deps.graceMs);
      const hurry = () => void setTimeout(handBack, Math.min(deps.graceMs, HURRIED_GRACE_MS)).unref();
      if (hurried.aborted) hurry();
      else hurried.addEventListener('abort', hurry, { once: true });
      await Promise.all(closing);
      clearTimeout(grace);
      await Promise.all(Object.values(queues).map((q) => q.close()));
    },
  };
}
