import * as z from 'zod/mini';
import { due } from './due.ts';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';
import { millis } from './list.ts';

export const PRIORITIES = ['none', 'low', 'medium', 'high', 'urgent'] as const;
export const priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof priority>;

export const taskTitle = z.string().check(z.trim(), z.minLength(1), z.maxLength(LIMITS.titleLength));
export const taskNotes = z.string().check(z.maxLength(LIMITS.notesLength));
const ids = z.array(id).check(z.maxLength(LIMITS.idsInOneCommand));

export const task = z.object({
  listId: id,
  parentId: z.nullable(id),
  title: z.string(),
  notes: z.string(),
  done: z.boolean(),
  doneAt: z.nullable(millis),
  due: z.nullable(due),
  priority,
  assigneeIds: z.array(id),
  labelIds: z.array(id),
  pos: z.string(),
  createdAt: millis,
  createdBy: id,
});
export type Task = z.infer<typeof task>;

/** `after`: the task to stand behind; null for the top of the list, left out for its end. */
export const taskCreateArgs = z.strictObject({
  id,
  listId: id,
  title: taskTitle,
  after: z.optional(z.nullable(id)),
  parentId: z.optional(z.nullable(id)),
  notes: z.optional(taskNotes),
  due: z.optional(z.nullable(due)),
  priority: z.optional(priority),
  assigneeIds: z.optional(ids),
  labelIds: z.optional(ids),
});
export const taskFields = z.strictObject({
  title: z.optional(taskTitle),
  notes: z.optional(taskNotes),
  due: z.optional(z.nullable(due)),
  priority: z.optional(priority),
});
export const taskUpdateArgs = z.strictObject({ id, fields: taskFields });
export const taskLabelArgs = z.strictObject({ id, add: z.optional(ids), remove: z.optional(ids) });
export const taskAssignArgs = z.strictObject({ id, add: z.optional(ids), remove: z.optional(ids) });
/** `listId` moves it to another list; `parentId` makes it a sub-task, null takes it out, left out keeps it. */
export const taskPlaceArgs = z.strictObject({
  id,
  after: z.nullable(id),
  listId: z.optional(id),
  parentId: z.optional(z.nullable(id)),
});
export const taskCompleteArgs = z.strictObject({ id, done: z.boolean() });
export const taskDeleteArgs = z.strictObject({ id });
export const taskRestoreArgs = z.strictObject({ id });
