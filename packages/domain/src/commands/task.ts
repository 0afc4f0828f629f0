import type { ScopeId } from '@muster/protocol/id';
import { scopeOf } from '@muster/protocol/id';
import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { LIMITS } from '@muster/protocol/limits';
import type { Task } from '@muster/protocol/task';
import { reject, type Command, type Context, type Decision } from '../command.ts';
import { posBetween } from '../ordering.ts';
import { requireRole, rejectAsUnseen } from '../permissions.ts';
import type { Need, State } from '../state.ts';

/** @throws {MusterError} `not_found` where the task is absent or not visible, `forbidden` for viewers */
export function requireTask(state: State, id: string): Stored<'task'> {
  const task = state.get('task', id);
  if (!task) rejectAsUnseen();
  requireRole(state, task.scope, 'editor');
  return task;
}

/** A key behind `after`; at the top for null; at the end where it is left out, has vanished or is in another list. */
export function placeAfter(state: State, listId: string, after: string | null | undefined): string {
  if (after === null) return posBetween(null, state.nextPos(listId, null));
  const before = after === undefined ? undefined : state.get('task', after);
  if (!before || before.value.listId !== listId) return posBetween(state.lastPos(listId), null);
  return posBetween(before.value.pos, state.nextPos(listId, before.value.pos));
}

/** @throws {MusterError} `invalid` where the parent is absent, elsewhere, or itself a sub-task: there is one level */
export function requireParent(state: State, listId: string, parentId: string): void {
  const parent = state.get('task', parentId);
  const message =
    !parent || parent.value.listId !== listId
      ? 'The parent task is not in this list.'
      : parent.value.parentId !== null
        ? 'A sub-task cannot have sub-tasks of its own.'
        : undefined;
  if (message) reject('invalid', message, { faults: [{ path: 'parentId', message }] });
}

function requireKnown(ids: string[], isKnown: (id: string) => boolean, path: string, message: string): void {
  const unknown = ids.findIndex((id) => !isKnown(id));
  if (unknown >= 0) reject('invalid', message, { faults: [{ path: `${path}.${unknown}`, message }] });
}

const requireLabels = (state: State, scope: ScopeId, ids: string[], path: string): void =>
  requireKnown(ids, (id) => state.get('label', id)?.scope === scope, path, 'This label is not in the list.');
const requireMembers = (state: State, scope: ScopeId, ids: string[], path: string): void =>
  requireKnown(
    ids,
    (id) => state.get('member', id, scope) !== undefined,
    path,
    'This person is not a member of the list.',
  );

const unique = (ids: string[]): string[] => [...new Set(ids)];

/** @throws {MusterError} `conflict` where the author writes strictly and the field changed since what they had read */
export function guardField(state: State, context: Context, taskId: string, field: keyof Task): void {
  if (!context.strict || context.base === undefined) return;
  const writer = state.fieldWriter(taskId, field);
  if (writer && writer.seq > context.base) {
    reject('conflict', `Someone changed the ${field} in the meantime. Read the task again.`);
  }
}

export const taskCreate: Command<CommandArgs<'task.create'>> = {
  name: 'task.create',
  optimistic: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads({ id, listId, after, parentId, labelIds, assigneeIds }) {
    const scope = scopeOf('list', listId);
    const needs: Need[] = [
      { need: 'entity', type: 'task', id },
      { need: 'neighbours', listId, after },
    ];
    if (parentId) needs.push({ need: 'entity', type: 'task', id: parentId });
    for (const labelId of labelIds ?? []) needs.push({ need: 'entity', type: 'label', id: labelId });
    for (const userId of assigneeIds ?? []) needs.push({ need: 'entity', type: 'member', id: userId, scope });
    return needs;
  },
  decide(state, args, context) {
    const scope = scopeOf('list', args.listId);
    requireRole(state, scope, 'editor');
    if (state.isTaken('task', args.id)) reject('conflict', 'This id is taken.');
    if (state.size(scope) >= LIMITS.tasksInList) reject('limit_reached', 'This list is full. Delete old tasks first.');
    if (args.parentId) requireParent(state, args.listId, args.parentId);
    const labelIds = unique(args.labelIds ?? []);
    const assigneeIds = unique(args.assigneeIds ?? []);
    requireLabels(state, scope, labelIds, 'labelIds');
    requireMembers(state, scope, assigneeIds, 'assigneeIds');
    const value: Task = {
      listId: args.listId,
      parentId: args.parentId ?? null,
      title: args.title,
      notes: args.notes ?? '',
      done: false,
      doneAt: null,
      due: (args.due ?? null) as Task['due'],
      priority: args.priority ?? 'none',
      assigneeIds,
      labelIds,
      pos: placeAfter(state, args.listId, args.after),
      createdAt: context.now,
      createdBy: context.actor.id,
    };
    return { effects: [{ scope, effect: { op: 'put', type: 'task', id: args.id, value } }] };
  },
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A patch of what really differs; nothing where all is as it was. */
export function patchTask(task: Stored<'task'>, fields: Partial<Task>): Decision {
  const changed = Object.entries(fields).filter(
    ([field, value]) => value !== undefined && !same(value, task.value[field as keyof Task]),
  );
  if (changed.length === 0) return { effects: [] };
  const effect = { op: 'patch' as const, type: 'task', id: task.id, fields: Object.fromEntries(changed) };
  return { effects: [{ scope: task.scope, effect }] };
}

const holder = (id: string) => [{ touch: 'holder' as const, type: 'task' as const, id }];
const entity = (id: string) => [{ need: 'entity' as const, type: 'task' as const, id }];

export const taskUpdate: Command<CommandArgs<'task.update'>> = {
  name: 'task.update',
  optimistic: true,
  touches: ({ id }) => holder(id),
  reads: ({ id }) => entity(id),
  decide(state, { id, fields }, context) {
    const task = requireTask(state, id);
    for (const [field, value] of Object.entries(fields)) {
      if (value !== undefined) guardField(state, context, id, field as keyof Task);
    }
    return patchTask(task, fields as Partial<Task>);
  },
};

export const taskComplete: Command<CommandArgs<'task.complete'>> = {
  name: 'task.complete',
  optimistic: true,
  touches: ({ id }) => holder(id),
  reads: ({ id }) => entity(id),
  decide(state, { id, done }, context) {
    const task = requireTask(state, id);
    if (task.value.done === done) return { effects: [] };
    guardField(state, context, id, 'done');
    return patchTask(task, { done, doneAt: done ? context.now : null });
  },
};

/** Adding and removing commute: the list of ids is computed from what is there now. */
function withAndWithout(ids: string[], add: string[], remove: string[]): string[] {
  const gone = new Set(remove);
  return unique([...ids, ...add]).filter((id) => !gone.has(id));
}

export const taskLabel: Command<CommandArgs<'task.label'>> = {
  name: 'task.label',
  optimistic: true,
  touches: ({ id }) => holder(id),
  reads: ({ id, add }) => [
    ...entity(id),
    ...(add ?? []).map((labelId) => ({ need: 'entity' as const, type: 'label' as const, id: labelId })),
  ],
  decide(state, { id, add = [], remove = [] }) {
    const task = requireTask(state, id);
    requireLabels(state, task.scope, add, 'add');
    const labelIds = withAndWithout(task.value.labelIds, add, remove);
    if (labelIds.length > LIMITS.idsInOneCommand) reject('limit_reached', 'This task has too many labels.');
    return patchTask(task, { labelIds });
  },
};

export const taskAssign: Command<CommandArgs<'task.assign'>> = {
  name: 'task.assign',
  optimistic: true,
  touches: ({ id }) => holder(id),
  // The list is not known before the task is read: the member entities come with it (see Need 'assignees').
  reads: ({ id, add }) => [...entity(id), { need: 'assignees', taskId: id, userIds: add ?? [] }],
  decide(state, { id, add = [], remove = [] }) {
    const task = requireTask(state, id);
    requireMembers(state, task.scope, add, 'add');
    const assigneeIds = withAndWithout(task.value.assigneeIds, add, remove);
    if (assigneeIds.length > LIMITS.idsInOneCommand) reject('limit_reached', 'Too many people are assigned.');
    return patchTask(task, { assigneeIds });
  },
};

export const taskDelete: Command<CommandArgs<'task.delete'>> = {
  name: 'task.delete',
  optimistic: true,
  touches: ({ id }) => holder(id),
  reads: ({ id }) => [...entity(id), { need: 'children', id }],
  decide(state, { id }) {
    const task = requireTask(state, id);
    const doomed = [...state.children(id), task];
    return { effects: doomed.map(({ id, scope }) => ({ scope, effect: { op: 'del', type: 'task', id } })) };
  },
};

export const taskRestore: Command<CommandArgs<'task.restore'>> = {
  name: 'task.restore',
  optimistic: true,
  touches: ({ id }) => holder(id),
  reads: ({ id }) => [{ need: 'tombstone', id }],
  decide(state, { id }) {
    const live = state.get('task', id);
    if (live) {
      requireRole(state, live.scope, 'editor');
      return { effects: [] };
    }
    const task = state.tombstone(id);
    if (!task) reject('not_found', 'This task cannot be brought back: deleted tasks are kept for a while only.');
    requireRole(state, task.scope, 'editor');
    // A parent that is gone, or that became a sub-task meanwhile, cannot take it back: it returns on its own.
    const parent = task.value.parentId === null ? undefined : state.get('task', task.value.parentId);
    const canReturn = parent?.scope === task.scope && parent.value.parentId === null;
    const value = { ...task.value, parentId: canReturn ? task.value.parentId : null };
    const children = state.tombstonedChildren(id).map((child) => ({ ...child }));
    if (state.size(task.scope) + children.length >= LIMITS.tasksInList) reject('limit_reached', 'This list is full.');
    return {
      effects: [{ ...task, value }, ...children].map(({ scope, id, value }) => ({
        scope,
        effect: { op: 'put', type: 'task', id, value: { ...value } },
      })),
    };
  },
};
