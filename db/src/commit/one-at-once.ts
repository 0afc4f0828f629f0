import type { Batch } from './decide.ts';
import { pairKey } from './facts.ts';
import { textArray } from './flight.ts';
import type { LoadPlan } from './load-plan.ts';
import type { TaskRecord } from './task-record.ts';
import { touchedTasks } from './touched-tasks.ts';

type Value = string | null;

const TASK_ARGUMENTS = 17;
/** How many arguments commit_one_at_once has. */
export const ONE_ARGUMENTS = 21 + TASK_ARGUMENTS;

/**
 * The arguments of commit_one_at_once, in its order; undefined for whatever is more than a single mutation of a person in
 * a single scope that writes one task at most.
 */
export function oneArguments(batch: Batch, plan: LoadPlan): Value[] | undefined {
  const { facts, overlay, changes } = batch;
  const [made, client, scope, role] = [changes[0], plan.clients[0], plan.scopes[0], plan.roles[0]];
  const isOne =
    changes.length === 1 &&
    plan.acls.length === 1 &&
    plan.clients.length === 1 &&
    plan.scopes.length === 1 &&
    plan.roles.length === 1 &&
    overlay.tasks.size <= 1;
  if (!isOne || !made || !client || scope === undefined || !role) return undefined;
  const { change, prev } = made;
  const { commands, run, client: sender } = made.entry.submission;
  const [acl, subject] = role;
  const isOfItsPerson = acl === plan.acls[0] && subject === client.principal && made.scope === scope;
  const isAsItCame = client.firstMid === client.lastMid && change.clientId === client.id && !run && !change.actor.for;
  const before = facts.scopes.get(scope);
  const after = overlay.scopes.get(scope) ?? before;
  if (!isOfItsPerson || !isAsItCame || before?.acl !== acl || !after) return undefined;
  const [task] = overlay.tasks.values();
  const touched = touchedTasks(change.effects, prev);
  return [
    ...[facts.logEpoch, text(facts.now)],
    ...[acl, text(facts.roles.get(pairKey(acl, subject))), text(facts.epochs.get(acl))],
    ...[client.id, client.principal, text(client.lastMid), text(sender?.nonce)],
    ...[scope, text(after.head), text(after.headAt), text(after.size), text(before.size)],
    ...[
      change.txnId,
      change.actor.id,
      text(commands[0]?.base),
      json(change.effects),
      json(prev),
      json(change.overwrote),
    ],
    touched ? textArray(touched) : null,
    ...(task ? taskArguments(task, !facts.tasks.get(task.task.id)) : Array<null>(TASK_ARGUMENTS).fill(null)),
  ];
}

function taskArguments({ task, deletedAt, deletedTxn, fieldSeq }: TaskRecord, isNew: boolean): Value[] {
  const { parentId, title, notes, done, doneAt, due, priority, assigneeIds, labelIds, pos, createdAt, createdBy } =
    task.value;
  return [
    ...[task.id, text(isNew), text(parentId), title, notes, text(done), text(doneAt), json(due), priority],
    ...[json(assigneeIds), json(labelIds), pos, text(createdAt), createdBy, text(deletedAt), text(deletedTxn)],
    json(fieldSeq),
  ];
}

/** As text, which is what a flight sends. */
const text = (value: string | number | boolean | null | undefined): Value =>
  value === null || value === undefined ? null : String(value);
const json = (value: unknown): Value => (value === null || value === undefined ? null : JSON.stringify(value));
