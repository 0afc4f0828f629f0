import type { Commit } from '@muster/db/commit/types';
import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import type { Logger } from '@muster/runtime/logger';
import { SILENT_AFTER_MS } from '../run/heartbeat.ts';
import { actorFor } from '../run/run-commit.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { JobHandlers } from './job-handlers.ts';

/** A run that waits for longer than this has lost its job: a healthy one is claimed within milliseconds. */
const WAITING_AFTER_MS = 1_000;
/** In one sweep; the next comes in {@link SWEEP_EVERY_MS}. */
const AT_ONCE = 200;

export const SWEEP_EVERY_MS = 2_000;
export const SWEEP_SCHEDULER = 'sweep-runs';

export interface SweepDeps {
  runs: RunWorkRepository;
  commit: Commit;
  queue: RunQueue;
  logger: Logger;
  silentAfterMs?: number;
  waitingAfterMs?: number;
}

/**
 * Repairs what hints have lost: runs whose worker is silent are handed back, and runs that wait without a job (their
 * enqueueing failed, Redis lost its data, their thread became idle unnoticed) get one.
 */
export const sweepJob =
  ({
    runs,
    commit,
    queue,
    logger,
    silentAfterMs = SILENT_AFTER_MS,
    waitingAfterMs = WAITING_AFTER_MS,
  }: SweepDeps): JobHandlers['sweep-runs'] =>
  async () => {
    const silent = await runs.listSilent(silentAfterMs, AT_ONCE);
    const handedBack = await Promise.all(
      silent.map(async ({ runId, attempt, askerId }) => {
        const outcome = await commit({
          actor: actorFor(askerId),
          commands: [{ name: 'run.requeue', args: { runId, attempt } }],
          run: { runId },
          trusted: true,
        });
        if (outcome.status !== 'applied') return [];
        logger.warn({ runId, attempt }, 'its worker is silent: handed back');
        return [{ runId, attempt }];
      }),
    );
    await queue.add(handedBack.flat());
    const waiting = await runs.listWaiting(waitingAfterMs, AT_ONCE);
    await queue.add(waiting);
    return `handed back ${handedBack.flat().length}, queued ${waiting.length}`;
  };
