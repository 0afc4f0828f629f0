import { date, time, zone } from '@muster/protocol/due';
import { LIMITS } from '@muster/protocol/limits';
import { PRIORITIES, taskNotes, taskTitle, type Task } from '@muster/protocol/task';
import * as z from 'zod/mini';

/** Arguments that several tools share. Descriptions are read by the model. */

export const listArg = z
  .nullable(z.string().check(z.maxLength(LIMITS.listTitleLength)))
  .check(z.describe("The list's title or id. null: the list that this conversation belongs to."));

export const taskId = z.string().check(z.describe('The id of a task, as list_tasks and search_tasks return it.'));
export const taskIds = z
  .array(z.string())
  .check(
    z.minLength(1),
    z.maxLength(LIMITS.tasksInOneCall),
    z.describe('Ids of tasks, as list_tasks and search_tasks return them.'),
  );

export const dueArg = z.strictObject({
  date: date.check(z.describe('The day, as YYYY-MM-DD.')),
  time: z.nullable(time).check(z.describe('The time of day as HH:mm, or null for the whole day.')),
  zone: z.nullable(zone).check(z.describe("An IANA time zone for the time, or null for the asker's own.")),
});
export type DueArg = z.infer<typeof dueArg>;

export const titleArg = taskTitle;
export const notesArg = taskNotes;
export const priorityArg = z.enum(PRIORITIES);
export const labelNames = z
  .array(z.string())
  .check(
    z.maxLength(LIMITS.idsInOneCommand),
    z.describe('Names of labels. One that the list does not have yet is made.'),
  );
export const memberNames = z
  .array(z.string())
  .check(z.maxLength(LIMITS.idsInOneCommand), z.describe('Names of members of the list; "me" is whoever asks.'));

/** The protocol's `due`: a time without a zone is meant in the asker's. */
export function toDue(arg: DueArg | null, askerZone: string): Task['due'] {
  if (arg === null) return null;
  if (arg.time === null) return { date: arg.date };
  return { date: arg.date, time: arg.time, zone: arg.zone ?? askerZone };
}
