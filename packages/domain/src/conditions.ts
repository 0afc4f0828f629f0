import type { BrokenCondition, Condition } from '@muster/protocol/condition';
import type { EntityType, Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import { runItemId, scopeOf, type ScopeId } from '@muster/protocol/id';
import { isSame } from './is-same.ts';
import type { Need, State, Touch } from './state.ts';

/** The first condition that does not hold, with where its entity is or was, as far as that is known. */
export interface Broken extends Omit<BrokenCondition, 'by'> {
  scope: ScopeId | undefined;
  /** Of other sub-tasks than expected, or something written in a thread: one that came, and where. */
  child?: { type: EntityType; id: string; scope: ScopeId } | undefined;
}

/** Scopes that conditions speak of: they are locked like those that the command changes. */
export const touchesOfConditions = (conditions: readonly Condition[], subject: string): Touch[] =>
  conditions.flatMap((condition): Touch[] => [
    touchOf(condition, subject),
    ...(isOfThread(condition) ? [{ touch: 'scope' as const, scope: scopeOf('thread', condition.id) }] : []),
  ]);

/** What is written in a thread is told apart from what it is called. */
const isOfThread = ({ type, children }: Condition): boolean => type === 'thread' && children !== undefined;

function touchOf({ type, id, scope }: Condition, subject: string): Touch {
  if (type === 'task' || type === 'label' || type === 'thread') return { touch: 'holder', type, id };
  if (type === 'list') return { touch: 'scope', scope: scopeOf('list', id) };
  return { touch: 'scope', scope: type === 'member' && scope ? scope : scopeOf('user', subject) };
}

export const readsOfConditions = (conditions: readonly Condition[]): Need[] =>
  conditions.flatMap((condition): Need[] => {
    const { type, id, scope, children } = condition;
    return [
      { need: 'entity', type, id, ...(scope ? { scope } : {}) },
      ...(children && type === 'task' ? [{ need: 'children' as const, id }] : []),
      ...(isOfThread(condition) ? [{ need: 'all' as const, scope: scopeOf('thread', id), type: 'run' as const }] : []),
    ];
  });

/** What one may not see is absent: a condition must tell nobody more than reading would. */
const isVisible = (state: State, scope: ScopeId): boolean =>
  state.scopeState(scope) === 'live' && state.role(scope) !== undefined;

function visible(state: State, { type, id, scope }: Condition): Stored | undefined {
  const found = state.get(type, id, scope);
  return found && isVisible(state, found.scope) ? found : undefined;
}

function placeOfGone(state: State, { type, id, scope }: Condition): ScopeId | undefined {
  const at = scope ?? (type === 'task' ? state.tombstone(id)?.scope : undefined);
  return at && isVisible(state, at) ? at : undefined;
}

function breaks(state: State, condition: Condition): Broken | undefined {
  const { type, id, absent, fields = {}, children } = condition;
  const found = visible(state, condition);
  if (absent) return found && { type, id, scope: found.scope, field: null, value: null };
  if (!found) return { type, id, scope: placeOfGone(state, condition), field: null, value: null };
  const value = found.value as unknown as Record<string, unknown>;
  for (const [field, expected] of Object.entries(fields)) {
    const now = Object.hasOwn(value, field) ? (value[field] ?? null) : null;
    if (!isSame(now, expected ?? null)) return { type, id, scope: found.scope, field, value: now };
  }
  if (!children) return undefined;
  if (type === 'thread') return writtenSince(state, found as Stored<'thread'>, children);
  if (type !== 'task') return undefined;
  const now = state.children(id).map((child) => child.id);
  const isAsExpected = now.length === children.length && now.every((child) => children.includes(child));
  if (isAsExpected) return undefined;
  const child = now.find((one) => !children.includes(one));
  return {
    ...{ type, id, scope: found.scope, field: 'children', value: now },
    child: child === undefined ? undefined : { type, id: child, scope: found.scope },
  };
}

/** A thread only grows: as many as were written are those that were. Of whose it is, the run that goes on tells. */
function writtenSince(state: State, { id, scope }: Stored<'thread'>, written: readonly string[]): Broken | undefined {
  const inside = scopeOf('thread', id);
  const size = state.size(inside);
  if (size === written.length || Number.isNaN(size)) return undefined;
  const other = state.all(inside, 'run').find((run) => !written.includes(run.id));
  const answered = written.find((one) => state.get('run', one) !== undefined);
  let child: Broken['child'];
  if (other) child = { type: 'run', id: other.id, scope: inside };
  else if (answered !== undefined) child = { type: 'run_item', id: runItemId(answered, 0), scope: inside };
  return { type: 'thread', id, scope, field: 'children', value: null, child };
}

/** Undefined where all hold. The same check on both sides: over the server's rows, and over the client's view. */
export function findBroken(state: State, conditions: readonly Condition[]): Broken | undefined {
  for (const condition of conditions) {
    const broken = breaks(state, condition);
    if (broken) return broken;
  }
  return undefined;
}

/** The rejection that a broken condition comes to. */
export function conflictOf({ type, id, field, value }: Broken, by: BrokenCondition['by']): MusterError {
  const isWritten = type === 'thread' && field === 'children';
  const what = isWritten
    ? 'Something was written in the conversation since.'
    : field === null
      ? `The ${type} is not there as it was.`
      : `The ${field} of the ${type} is another now.`;
  return new MusterError('conflict', `${what} Nothing was changed.`, { conflict: { type, id, field, value, by } });
}
