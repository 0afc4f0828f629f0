import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Task } from '@muster/protocol/task';
import { reject, type Command, type Context, type Decision, type ScopedEffect } from '../command.ts';
import { posesBetween } from '../ordering.ts';
import { requireRole } from '../permissions.ts';
import type { Need, State } from '../state.ts';
import { guardField, patchTask, placeAfter, requireParent, requireTask } from './task.ts';

type Args = CommandArgs<'task.place'>;

/** @throws {MusterError} `invalid` where the task would become its own parent, or a sub-task with sub-tasks */
function requireFits(state: State, task: Stored<'task'>, listId: string, parentId: string): void {
  const refuse = (message: string): never => reject('invalid', message, { faults: [{ path: 'parentId', message }] });
  if (parentId === task.id) refuse('A task cannot be a sub-task of itself.');
  if (state.children(task.id).length > 0) refuse('A task that has sub-tasks cannot become one.');
  requireParent(state, listId, parentId);
}

function placeWithin(state: State, task: Stored<'task'>, args: Args, context: Context): Decision {
  const listId = task.value.listId;
  if (args.after === task.id) reject('invalid', 'A task cannot stand behind itself.');
  if (args.parentId !== undefined && args.parentId !== task.value.parentId) {
    guardField(state, context, task.id, 'parentId');
    if (args.parentId !== null) requireFits(state, task, listId, args.parentId);
  }
  const pos = placeAfter(state, listId, args.after);
  return patchTask(task, args.parentId === undefined ? { pos } : { pos, parentId: args.parentId });
}

/** Labels are matched by name or dropped; assignees who are not members of the target are dropped. */
function carryOver(
  state: State,
  value: Task,
  source: ScopeId,
  target: ScopeId,
): Pick<Task, 'labelIds' | 'assigneeIds'> {
  const byName = new Map(state.all(target, 'label').map((label) => [label.value.name.toLowerCase(), label.id]));
  const names = new Map(state.all(source, 'label').map((label) => [label.id, label.value.name.toLowerCase()]));
  return {
    labelIds: value.labelIds.flatMap((id) => byName.get(names.get(id) ?? '') ?? []),
    assigneeIds: value.assigneeIds.filter((id) => state.get('member', id, target) !== undefined),
  };
}

function placeElsewhere(state: State, task: Stored<'task'>, listId: string, args: Args, context: Context): Decision {
  const target = scopeOf('list', listId);
  requireRole(state, target, 'editor');
  guardField(state, context, task.id, 'listId');
  const children = state.children(task.id);
  if (state.size(target) + children.length >= LIMITS.tasksInList) reject('limit_reached', 'The other list is full.');
  if (args.parentId) requireFits(state, task, listId, args.parentId);
  const pos = placeAfter(state, listId, args.after);
  const poses = posesBetween(pos, state.nextPos(listId, pos), children.length);
  const moved = (one: Stored<'task'>, parentId: string | null, at: string): ScopedEffect => {
    const value = { ...one.value, ...carryOver(state, one.value, task.scope, target), listId, parentId, pos: at };
    return { scope: target, effect: { op: 'put', type: 'task', id: one.id, value } };
  };
  return {
    effects: [
      ...[...children, task].map(({ id }): ScopedEffect => ({
        scope: task.scope,
        effect: { op: 'del', type: 'task', id },
      })),
      moved(task, args.parentId ?? null, pos),
      ...children.map((child, index) => moved(child, task.id, poses[index] ?? pos)),
    ],
  };
}

/** Order by intent: "after X". The server computes the key under the list's lock. Across lists sub-tasks go along. */
export const taskPlace: Command<Args> = {
  name: 'task.place',
  optimistic: true,
  touches: ({ id, listId }) => [
    { touch: 'holder', type: 'task', id },
    ...(listId ? [{ touch: 'scope' as const, scope: scopeOf('list', listId) }] : []),
  ],
  reads({ id, after, listId, parentId }) {
    const needs: Need[] = [
      { need: 'entity', type: 'task', id },
      { need: 'children', id },
      { need: 'placing', taskId: id, after, ...(listId ? { listId } : {}) },
    ];
    if (parentId) needs.push({ need: 'entity', type: 'task', id: parentId });
    if (listId) needs.push({ need: 'move', taskId: id, listId });
    return needs;
  },
  decide(state, args, context) {
    const task = requireTask(state, args.id);
    const isElsewhere = args.listId !== undefined && args.listId !== task.value.listId;
    return isElsewhere
      ? placeElsewhere(state, task, args.listId as string, args, context)
      : placeWithin(state, task, args, context);
  },
};
