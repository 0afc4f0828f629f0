import { careForLog, type CareSettings } from '@muster/db/care/care-for-log';
import type { Commit } from '@muster/db/commit/types';
import type { Logger } from '@muster/runtime/logger';
import type pg from 'pg';
import type { JobHandlers } from './job-handlers.ts';

export const CARE_SCHEDULER = 'care-for-log';
/** Of one round: the next one, or another worker's, goes on where it ended. */
const ROUND_MS = 60_000;

export interface LogCareDeps {
  pool: pg.Pool;
  commit: Commit;
  settings: CareSettings;
  logger: Logger;
  onRemoved: (what: string, count: number) => void;
  onFault: (what: string) => void;
  /** The worker closes: a round ends after its present step. */
  isStopping: () => boolean;
  roundMs?: number;
}

/** Floors, history, and everything that was kept long enough; see docs/operations.md. */
export const logCareJob =
  ({
    pool,
    commit,
    settings,
    logger,
    onRemoved,
    onFault,
    isStopping,
    roundMs = ROUND_MS,
  }: LogCareDeps): JobHandlers['care-for-log'] =>
  async () => {
    const end = performance.now() + roundMs;
    const removed: Record<string, number> = {};
    await careForLog({
      pool,
      commit,
      settings,
      isOver: () => isStopping() || performance.now() >= end,
      onRemoved: (what, count) => {
        removed[what] = (removed[what] ?? 0) + count;
        onRemoved(what, count);
      },
      onFault: (what, err) => {
        onFault(what);
        logger.warn({ err, what }, 'a part of the care for the log failed: the next round tries again');
      },
    });
    const parts = Object.entries(removed).map(([what, count]) => `${what} ${count}`);
    if (parts.length > 0) logger.info({ removed }, 'cared for the log');
    return parts.length > 0 ? parts.join(', ') : 'nothing to do';
  };
