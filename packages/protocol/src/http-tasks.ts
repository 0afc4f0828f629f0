import * as z from 'zod/mini';
import { due, zone } from './due.ts';
import { pageQuery } from './http.ts';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';
import { priority, task, taskNotes, taskTitle } from './task.ts';

export const taskResource = z.extend(task, { id });
export type TaskResource = z.infer<typeof taskResource>;

const ids = z.array(id).check(z.maxLength(LIMITS.idsInOneCommand));

/** `after`: the task to stand behind; null for the top of the list, left out for its end. */
export const taskPost = z.strictObject({
  id: z.optional(id),
  title: taskTitle,
  after: z.optional(z.nullable(id)),
  parentId: z.optional(z.nullable(id)),
  notes: z.optional(taskNotes),
  due: z.optional(z.nullable(due)),
  priority: z.optional(priority),
  assigneeIds: z.optional(ids),
  labelIds: z.optional(ids),
});

/**
 * What is left out stays. `assigneeIds` and `labelIds` are whole sets. `listId`, `parentId` and `after` move the task;
 * without `after` it goes to the end.
 */
export const taskPatch = z.strictObject({
  title: z.optional(taskTitle),
  notes: z.optional(taskNotes),
  due: z.optional(z.nullable(due)),
  priority: z.optional(priority),
  done: z.optional(z.boolean()),
  assigneeIds: z.optional(ids),
  labelIds: z.optional(ids),
  listId: z.optional(id),
  parentId: z.optional(z.nullable(id)),
  after: z.optional(z.nullable(id)),
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
