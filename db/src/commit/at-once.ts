import { decide, type Batch } from './decide.ts';
import type { Entry } from './entry.ts';
import { pairKey } from './facts.ts';
import type { LoadPlan } from './load-plan.ts';
import { oneArguments } from './one-at-once.ts';
import { clientRows, moreArgument } from './persist.ts';
import type { RowType, Rows } from './rows.ts';
import type { TaskRecord } from './task-record.ts';
import { touchedTasks } from './touched-tasks.ts';
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

/** A statement whose rows are not in Postgres's format yet. */
export interface RowsStep {
  statement: 'atOnce' | 'oneAtOnce';
  values: (string | null | Rows)[];
}

/** The statement that commits a batch in one flight; undefined for a batch that writes more than tasks. */
export function atOnceStep(batch: Batch, plan: LoadPlan): RowsStep | undefined {
  if (batch.changes.some(({ entry }) => entry.submission.run)) return undefined;
  if (clientRows(batch).length > 0 || moreArgument(batch) !== null) return undefined;
  const one = oneArguments(batch, plan);
  return one ? { statement: 'oneAtOnce', values: one } : { statement: 'atOnce', values: atOnceArguments(batch, plan) };
}

/** The arguments of commit_rows_at_once, in its order. */
function atOnceArguments(batch: Batch, plan: LoadPlan): RowsStep['values'] {
  const { facts, overlay } = batch;
  const scopes = plan.scopes.map((id) => {
    const before = facts.scopes.get(id);
    const after = overlay.scopes.get(id) ?? before;
    return [id, after?.head, after?.headAt, after?.size, before?.head, before?.size, before?.acl];
  });
  const clients = plan.clients.map(({ id, principal, firstMid, lastMid }) => [id, principal, firstMid - 1, lastMid]);
  const roles = plan.roles.map(([acl, subject]) => [acl, subject, facts.roles.get(pairKey(acl, subject))]);
  const [made, old]: [unknown[][], unknown[][]] = [[], []];
  for (const record of overlay.tasks.values()) (facts.tasks.get(record.task.id) ? old : made).push(taskRow(record));
  return [
    ...[facts.logEpoch, String(facts.now)],
    rowsOf(
      'commit_acl_row',
      plan.acls.map((acl) => [acl, facts.epochs.get(acl)]),
    ),
    ...[rowsOf('commit_client_row', clients), rowsOf('commit_scope_row', scopes), rowsOf('commit_role_row', roles)],
    rowsOf('commit_change_row', batch.changes.map(changeRow)),
    ...[rowsOf('commit_task_row', made), rowsOf('commit_task_row', old)],
  ];
}

const rowsOf = (type: RowType, rows: Rows['rows']): Rows => ({ type, rows });

function changeRow({ scope, aclEpoch, change, prev, entry: { submission } }: Batch['changes'][number]): unknown[] {
  const { seq, txnId, actor, clientId, mid, effects, overwrote, at } = change;
  return [
    ...[scope, seq, txnId, actor.id, actor.for, clientId, mid, submission.client?.nonce, aclEpoch],
    ...[submission.commands[0]?.base, effects, prev, overwrote, at, touchedTasks(effects, prev)],
  ];
}

function taskRow({ task, deletedAt, deletedTxn, fieldSeq }: TaskRecord): unknown[] {
  const { parentId, title, notes, done, doneAt, due, priority, assigneeIds, labelIds, pos, createdAt, createdBy } =
    task.value;
  return [
    ...[task.id, task.scope, parentId, title, notes, done, doneAt, due, priority, assigneeIds, labelIds, pos],
    ...[createdAt, createdBy, deletedAt, deletedTxn, fieldSeq],
  ];
}
