import * as z from 'zod/mini';
import { zone } from './due.ts';
import { pageQuery } from './http.ts';
import { id } from './id.ts';
import { task, taskCompleteArgs, taskCreateArgs, taskFields, taskPlaceArgs } from './task.ts';

export const taskResource = z.extend(task, { id });
export type TaskResource = z.infer<typeof taskResource>;

/** What `task.create` takes, into the list of the path; whoever brings no id is given one. */
export const taskPost = z.extend(z.omit(taskCreateArgs, { listId: true }), { id: z.optional(id) });

const { assigneeIds, labelIds } = taskCreateArgs.shape;
/**
 * What is left out stays. `assigneeIds` and `labelIds` are whole sets. `listId`, `parentId` and `after` move the task;
 * without `after` it goes to the end.
 */
export const taskPatch = z.extend(taskFields, {
  done: z.optional(taskCompleteArgs.shape.done),
  assigneeIds,
  labelIds,
  listId: taskPlaceArgs.shape.listId,
  parentId: taskPlaceArgs.shape.parentId,
  after: z.optional(taskPlaceArgs.shape.after),
});
export type TaskPatch = z.infer<typeof taskPatch>;

/** `done` filters; without it all tasks. */
const flag = z.enum(['true', 'false']);
export const tasksOfListQuery = z.extend(pageQuery, { done: z.optional(flag) });

export const TASK_VIEWS = ['today', 'upcoming', 'assigned'] as const;
/**
 * Open tasks of all one's lists that are not archived. `today`: due today or overdue; `upcoming`: due after today;
 * `assigned`: assigned to oneself. `q`: words that the title or the notes hold. `zone`: where "today" is, by default the
 * one in the settings, else UTC.
 */
export const tasksQuery = z.extend(pageQuery, {
  view: z.optional(z.enum(TASK_VIEWS)),
  q: z.optional(z.string().check(z.trim(), z.maxLength(200))),
  zone: z.optional(zone),
});
