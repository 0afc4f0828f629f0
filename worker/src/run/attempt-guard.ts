import type { RunGuard } from '@muster/db/repositories/run-work.repository';
import type { GuardReader } from './guard-reader.ts';
import { Interruption, throwIfInterrupted } from './interruption.ts';

/**
 * What stands between an attempt and the world: looked at before every flush and every tool call. It tells whether the
 * run is still this attempt's, whether somebody asked it to stop, and the epoch that what is shown next must carry.
 */
export interface AttemptGuard {
  readonly runId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** @throws {Interruption} and aborts the signal, where the attempt must not go on */
  check(): Promise<RunGuard>;
  /** The epoch alone, also after the attempt's end; undefined where the run or its thread is gone. */
  readEpoch(): Promise<number | undefined>;
  /** Whether somebody asked the run to stop, whatever has become of it. */
  isStopWanted(): Promise<boolean>;
  /** Ends the attempt from outside; the first reason wins. */
  interrupt(interruption: Interruption): void;
}

export function createAttemptGuard({
  runId,
  attempt,
  reader,
}: {
  runId: string;
  attempt: number;
  reader: GuardReader;
}): AttemptGuard {
  const controller = new AbortController();
  const interrupt = (interruption: Interruption): void => {
    if (!controller.signal.aborted) controller.abort(interruption);
  };
  return {
    runId,
    attempt,
    signal: controller.signal,
    interrupt,
    readEpoch: async () => (await reader.read(runId))?.aclEpoch,
    isStopWanted: async () => ((await reader.read(runId))?.stopRequestedBy ?? null) !== null,
    async check() {
      throwIfInterrupted(controller.signal);
      const guard = await reader.read(runId);
      if (!guard || guard.status !== 'running' || guard.attempt !== attempt) interrupt(new Interruption('superseded'));
      else if (guard.stopRequestedBy !== null) interrupt(new Interruption('stop'));
      throwIfInterrupted(controller.signal);
      return guard as RunGuard;
    },
  };
}
