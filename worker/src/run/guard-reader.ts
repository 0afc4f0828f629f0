import type { RunGuard } from '@muster/db/repositories/run-work.repository';

/** Reads guards; calls that come while a query is under way share the next one, however many runs a process has. */
export interface GuardReader {
  /** Undefined: the run or its thread is gone. Never older than the call. */
  read(runId: string): Promise<RunGuard | undefined>;
}

export function createGuardReader(readGuards: (runIds: string[]) => Promise<Map<string, RunGuard>>): GuardReader {
  let waiting: { ids: Set<string>; answer: Promise<Map<string, RunGuard>> } | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  return {
    async read(runId) {
      if (!waiting) {
        const ids = new Set<string>();
        const answer = underWay.then(() => {
          // From here on a call would see an answer from before it: it waits for the next query.
          waiting = undefined;
          return readGuards([...ids]);
        });
        waiting = { ids, answer };
        underWay = answer.catch(() => undefined);
      }
      waiting.ids.add(runId);
      return (await waiting.answer).get(runId);
    },
  };
}
