import { MOST_DELETED_UNASKED } from '@muster/domain/tools/delete-task';
import type { LogRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

type Decision = 'approved' | 'declined';

/**
 * What a run may not do unasked is done only once somebody has agreed, never where they declined, and the first answer
 * stands. A call's effect and its result in the thread are one transaction, so the thread's log tells what was decided by
 * then: no clock is needed.
 */
export function checkApprovals(log: LogRow[]): Violation[] {
  const found: Violation[] = [];
  const deeds = new Map<string, LogRow>();
  for (const row of log)
    if (row.scope.startsWith('list:') && row.runId !== null && row.callId !== null) deeds.set(row.txnId, row);
  /** By run and call; null: asked, and nobody has answered. */
  const decisions = new Map<string, Decision | null>();
  const rows = log.filter(({ scope }) => scope.startsWith('thread:'));
  rows.sort((a, b) => (a.scope === b.scope ? a.seq - b.seq : a.scope < b.scope ? -1 : 1));
  for (const { scope, seq, txnId, effects } of rows) {
    for (const effect of effects) {
      if (effect.type !== 'run_item' || effect.op !== 'put' || effect.value['kind'] !== 'approval') continue;
      const { runId, callId, body } = effect.value as { runId: string; callId: string; body: { decision: Decision } };
      const key = `${runId} ${callId}`;
      const known = decisions.get(key) ?? null;
      if (known !== null && known !== body.decision)
        found.push(
          violation('approvals', `it was ${known}, and is ${body.decision} later`, { runId, callId, scope, seq }),
        );
      decisions.set(key, body.decision);
    }
    const deed = deeds.get(txnId);
    if (deed) found.push(...checkDeed(deed, decisions.get(`${deed.runId} ${deed.callId}`)));
  }
  return found;
}

/** @param decision undefined: nobody was asked */
function checkDeed({ scope, seq, runId, callId, effects }: LogRow, decision: Decision | null | undefined): Violation[] {
  const deleted = effects.filter(({ op, type }) => op === 'del' && type === 'task').length;
  const isAgreed = decision === undefined ? deleted <= MOST_DELETED_UNASKED : decision === 'approved';
  if (isAgreed) return [];
  const what =
    decision === 'declined' ? 'it was declined' : decision === null ? 'nobody had agreed' : 'nobody was asked';
  const objects = { scope, seq, runId, callId, deleted };
  return [violation('approvals', `a call took effect, and ${what}`, objects)];
}
