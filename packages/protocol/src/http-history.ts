import * as z from 'zod/mini';
import { overwrote } from './change.ts';
import { entity } from './entity.ts';
import { pageQuery } from './http.ts';
import { id, seq } from './id.ts';
import { millis } from './list.ts';
import { actor, profiles } from './principal.ts';

const fields = z.record(z.string(), z.unknown());
/** What was there before, whole; null where there was nothing. */
const whole = z.nullable(fields);

/** An effect of a change with what it replaced: for a patch the fields that it set, as they were. */
export const pastEffect = z.discriminatedUnion('op', [
  z.object({ op: z.literal('put'), type: z.string(), id: z.string(), value: fields, prev: whole }),
  z.object({ op: z.literal('patch'), type: z.string(), id: z.string(), fields, prev: fields }),
  z.object({ op: z.literal('del'), type: z.string(), id: z.string(), prev: whole }),
]);
export type PastEffect = z.infer<typeof pastEffect>;

/**
 * The other half of a move between two lists. Of a list that the reader cannot see there are the tasks alone.
 * `ids`: the tasks that went over; put here they came from there, deleted here they went there.
 */
export const movedTasks = z.object({
  ids: z.array(id),
  listId: z.optional(id),
  title: z.optional(z.string()),
  /** The change in the other list. */
  seq: z.optional(seq),
});
export type MovedTasks = z.infer<typeof movedTasks>;

/** A change as history tells it: who, when, and what was there before. */
export const pastChange = z.object({
  seq,
  at: millis,
  txnId: id,
  actor,
  /** The agent's run that did it, and where one can read it. */
  runId: z.optional(id),
  threadId: z.optional(id),
  effects: z.array(pastEffect),
  overwrote: z.optional(z.array(overwrote)),
  moved: z.optional(z.array(movedTasks)),
});
export type PastChange = z.infer<typeof pastChange>;

/** `taskId`: the changes of one task, and of its sub-tasks. `actorId`: those of one person, or of the agent. */
export const historyQuery = z.extend(pageQuery, { taskId: z.optional(id), actorId: z.optional(id) });

/**
 * Newest first. A page may hold fewer than were asked for, none even, and have a `next`. `titles`: of the tasks that it
 * speaks of, as they are called in this list now, deleted ones too.
 */
export const historyPage = z.object({
  items: z.array(pastChange),
  next: z.optional(z.string()),
  profiles,
  titles: z.record(id, z.string()),
});
export type HistoryPage = z.infer<typeof historyPage>;

const count = z.coerce.number().check(z.int(), z.minimum(0));
/** `seq`: after that change; `at`: at that time, in milliseconds. Neither: now. */
export const listAtQuery = z
  .object({ cursor: pageQuery.shape.cursor, seq: z.optional(count), at: z.optional(count) })
  .check(
    z.refine((query) => query.seq === undefined || query.at === undefined, {
      error: 'give either seq or at',
      path: ['at'],
    }),
  );

/** The list, its tasks, labels and members after a change. With `next` there are more tasks: ask with the answer's `seq`. */
export const listAt = z.object({
  seq,
  /** When that change was made. */
  at: millis,
  /** How far back one can look, and the newest change. */
  from: seq,
  head: seq,
  /** The change itself, with the names and titles in it. Left out where it is no longer kept. */
  change: z.optional(pastChange),
  profiles,
  titles: z.record(id, z.string()),
  items: z.array(entity),
  /** Tasks of `items` that are gone for good: `task.restore` cannot bring them back, only a new one can be made. */
  lost: z.array(id),
  next: z.optional(z.string()),
});
export type ListAt = z.infer<typeof listAt>;
