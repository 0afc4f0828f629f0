import { MusterError } from '@muster/protocol/error';
import { pageOf } from '@muster/protocol/http';
import {
  taskPatch,
  taskPost,
  taskResource,
  tasksOfListQuery,
  tasksQuery,
  type TaskPatch,
  type TaskResource,
} from '@muster/protocol/http-tasks';
import { id } from '@muster/protocol/id';
import type { SubmittedCommand } from '@muster/db/commit/types';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { readCursor, rowsFor, toPage } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { orNotFound } from '../found.ts';
import { command, idFor } from '../submit.ts';

const params = z.object({ id });
const tag = 'Tasks';
/** No task has the nil id, and a vanished `after` means the end. */
const AT_THE_END = '00000000-0000-0000-0000-000000000000';

export const taskRoutes = ({ tasks, accounts, submit }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/lists/{id}/tasks',
    tag,
    summary: 'The tasks of a list',
    description: 'In their order; sub-tasks are among them, with `parentId`.',
    params,
    query: tasksOfListQuery,
    answer: pageOf(taskResource),
    handle: async ({ identity, params, query }) => {
      const found = await tasks.listOf(identity.userId, params.id, {
        done: query.done === undefined ? undefined : query.done === 'true',
        after: readCursor(query, { pos: 'string', id: 'string' }),
        limit: rowsFor(query),
      });
      return toPage(
        orNotFound(found).items,
        query,
        ({ pos, id }) => ({ pos, id }),
        (task) => task,
      );
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/lists/{id}/tasks',
    tag,
    summary: 'Add a task',
    params,
    body: taskPost,
    answer: taskResource,
    handle: async (request) => {
      const taskId = idFor(request, request.body.id);
      const args = { ...request.body, id: taskId, listId: request.params.id };
      await submit(request, [command('task.create', args)]);
      return present(orNotFound(await tasks.find(request.identity.userId, taskId)));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/tasks',
    tag,
    summary: 'Open tasks of all your lists',
    description:
      '`view=today`: due today or overdue; `upcoming`: due after today; `assigned`: assigned to you. `q`: words that the title or the notes hold. By day, those without one last.',
    query: tasksQuery,
    answer: pageOf(taskResource),
    handle: async ({ identity, query }) => {
      if (query.zone !== undefined && !(await tasks.knowsZone(query.zone))) {
        const message = 'is none that the server knows; try one such as Europe/Berlin';
        throw new MusterError('invalid', `zone: ${message}`, { faults: [{ path: 'zone', message }] });
      }
      const zone = query.zone ?? (await accounts.findZone(identity.userId)) ?? 'UTC';
      const rows = await tasks.search(identity.userId, {
        view: query.view,
        words: (query.q ?? '').split(/\s+/).filter((word) => word !== ''),
        today: todayIn(zone),
        zone,
        after: readCursor(query, { day: 'string', id: 'string' }),
        limit: rowsFor(query),
      });
      return toPage(
        rows,
        query,
        ({ day, id }) => ({ day, id }),
        ({ day: _, ...task }) => task,
      );
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/tasks/{id}',
    tag,
    summary: 'One task',
    params,
    answer: taskResource,
    handle: async ({ identity, params }) => present(orNotFound(await tasks.find(identity.userId, params.id))),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/tasks/{id}',
    tag,
    summary: 'Change, complete or move a task',
    description:
      'One change, or none. What is left out stays. `assigneeIds` and `labelIds` are whole sets; they cannot go together with another `listId`, whose labels and members are others.',
    params,
    body: taskPatch,
    answer: taskResource,
    handle: async (request) => {
      const { userId } = request.identity;
      const current = orNotFound(await tasks.find(userId, request.params.id));
      const commands = commandsOf(current, request.body);
      if (commands.length > 0) await submit(request, commands);
      return present(orNotFound(await tasks.find(userId, current.id)));
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/tasks/{id}',
    tag,
    summary: 'Delete a task, with its sub-tasks',
    params,
    handle: async (request) => {
      await submit(request, [command('task.delete', { id: request.params.id })]);
    },
  }),
];

function present({ role: _, ...task }: TaskResource & { role: string }): TaskResource {
  return task;
}

/** The commands that a PATCH stands for. Moving comes last, since the others mean the task where it was. */
function commandsOf(task: TaskResource, patch: TaskPatch): SubmittedCommand[] {
  const { title, notes, due, priority, done, assigneeIds, labelIds, listId, parentId, after } = patch;
  if (listId !== undefined && listId !== task.listId && (assigneeIds ?? labelIds) !== undefined) {
    const message = 'move the task first: another list has other labels and members';
    throw new MusterError('invalid', `listId: ${message}`, { faults: [{ path: 'listId', message }] });
  }
  const { id } = task;
  const fields = {
    ...(title === undefined ? {} : { title }),
    ...(notes === undefined ? {} : { notes }),
    ...(due === undefined ? {} : { due }),
    ...(priority === undefined ? {} : { priority }),
  };
  const isMoved = listId !== undefined || parentId !== undefined || after !== undefined;
  return [
    ...(Object.keys(fields).length === 0 ? [] : [command('task.update', { id, fields })]),
    ...(done === undefined ? [] : [command('task.complete', { id, done })]),
    ...(assigneeIds === undefined
      ? []
      : [command('task.assign', { id, ...difference(task.assigneeIds, assigneeIds) })]),
    ...(labelIds === undefined ? [] : [command('task.label', { id, ...difference(task.labelIds, labelIds) })]),
    ...(isMoved
      ? [
          command('task.place', {
            id,
            after: after === undefined ? AT_THE_END : after,
            ...(listId === undefined ? {} : { listId }),
            ...(parentId === undefined ? {} : { parentId }),
          }),
        ]
      : []),
  ];
}

const difference = (from: string[], to: string[]) => ({
  add: to.filter((id) => !from.includes(id)),
  remove: from.filter((id) => !to.includes(id)),
});

/** `2026-03-09`, wherever the zone's clocks stand now. */
const todayIn = (zone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    new Date(),
  );
