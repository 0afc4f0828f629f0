import { agentRunJobId } from '@muster/protocol/internal/jobs';
import type { RunWorkRepository, WaitingRun } from '@muster/db/repositories/run-work.repository';
import type { ScopeId } from '@muster/protocol/id';
import type { Queue } from 'bullmq';

/** Jobs are hints and rows the truth: adding one twice is nothing, and one that is lost is added by the sweeper. */
export interface RunQueue {
  add(runs: WaitingRun[]): Promise<void>;
  /** Adds what a thread has to do next, where it is idle. */
  addNextOf(scope: ScopeId): Promise<void>;
}

export function createRunQueue({
  queue,
  runs,
  onFault,
}: {
  queue: Pick<Queue, 'addBulk'>;
  runs: RunWorkRepository;
  onFault: (error: unknown) => void;
}): RunQueue {
  const add = async (waiting: WaitingRun[]): Promise<void> => {
    if (waiting.length === 0) return;
    await queue
      .addBulk(
        waiting.map(({ runId, attempt }) => ({
          name: 'agent-run',
          data: { runId },
          opts: { jobId: agentRunJobId(runId, attempt), removeOnComplete: true, removeOnFail: true },
        })),
      )
      .catch(onFault);
  };
  return {
    add,
    async addNextOf(scope) {
      const { isBusy, next } = await runs.readThread(scope);
      if (!isBusy && next) await add([next]);
    },
  };
}
