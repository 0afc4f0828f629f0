import { decide, type Batch } from './decide.ts';
import type { Entry } from './entry.ts';
import { pairKey } from './facts.ts';
import { textArray, type Step } from './flight.ts';
import type { LoadPlan } from './load-plan.ts';
import { oneArguments } from './one-at-once.ts';
import { clientRows, moreArgument, rowArguments } from './persist.ts';
import type { CommitOutcome } from './types.ts';

/**
 * Decides a batch on what is remembered; undefined where that is not enough. Only what is applied and leaves a change in
 * the log may go in one flight: a refusal, or an answer to a repeat, has nothing that the flight could compare.
 */
export function decideAtOnce(batch: Batch, entries: Entry[]): Map<Entry, CommitOutcome> | undefined {
  const outcomes = new Map<Entry, CommitOutcome>();
  for (const entry of entries) {
    const verdict = decide(batch, entry);
    if (verdict.is !== 'outcome' || verdict.outcome.status !== 'applied') return undefined;
    if (Object.keys(verdict.outcome.seqs).length === 0) return undefined;
    outcomes.set(entry, verdict.outcome);
  }
  return outcomes;
}

/** The statement that commits a batch in one flight; undefined for a batch that writes more than tasks. */
export function atOnceStep(batch: Batch, plan: LoadPlan): Step | undefined {
  if (clientRows(batch).length > 0 || moreArgument(batch) !== null) return undefined;
  const one = oneArguments(batch, plan);
  return one ? { statement: 'oneAtOnce', values: one } : { statement: 'atOnce', values: atOnceArguments(batch, plan) };
}

/** The arguments of commit_at_once, in its order. */
function atOnceArguments(batch: Batch, plan: LoadPlan): (string | null)[] {
  const { facts, overlay } = batch;
  const scopes = plan.scopes.map((id) => {
    const before = facts.scopes.get(id);
    const after = overlay.scopes.get(id) ?? before;
    return [id, after?.head, after?.headAt, after?.size, before?.head, before?.size, before?.acl];
  });
  const clients = plan.clients.map(({ id, principal, firstMid, lastMid }) => [id, principal, firstMid - 1, lastMid]);
  const roles = plan.roles.map(([acl, subject]) => [
    ...[acl, subject, facts.roles.get(pairKey(acl, subject)), facts.epochs.get(acl)],
  ]);
  return [
    ...[facts.logEpoch, String(facts.now), textArray(plan.acls)],
    ...[JSON.stringify(clients), JSON.stringify(scopes), JSON.stringify(roles), ...rowArguments(batch)],
  ];
}
