import type { ItemWithText, RunWorkRepository, WaitingRun } from '@muster/db/repositories/run-work.repository';
import type { ApprovalBody } from '@muster/protocol/run';

/**
 * How many of a queued run's attempts broke off. Every claim raises the run's attempt, since viewers and zombies are told
 * apart by it; but one that ended in asking somebody, or with its process, did what it should.
 */
export async function countBrokenAttempts(runs: RunWorkRepository, { runId, attempt }: WaitingRun): Promise<number> {
  const [items, handBacks] = await Promise.all([runs.listItems([runId]), runs.countHandBacks(runId)]);
  return attempt - decidedRounds(items) - handBacks;
}

/**
 * How often a run waited for somebody and was answered. What is asked at once has numbers in a row; between two rounds
 * stands at least the result of what was decided.
 */
export function decidedRounds(items: readonly ItemWithText[]): number {
  const decided = new Set(items.filter(isDecided).map(({ n }) => n));
  return [...decided].filter((n) => !decided.has(n - 1)).length;
}

function isDecided({ kind, body }: ItemWithText): boolean {
  if (kind !== 'approval') return false;
  const { decision, remembered } = body as ApprovalBody;
  return decision !== null && remembered !== true;
}
