import * as z from 'zod/mini';
import { pageQuery } from './http.ts';
import { id, seq } from './id.ts';
import { millis } from './list.ts';
import { actor, profiles } from './principal.ts';

/** Which one: the change that overwrote, and the how-manieth of its losses. */
export const conflictId = z.string().check(z.regex(/^(list|thread|user):[0-9a-f-]{36}\/\d{1,15}\/\d{1,4}$/));

/** Words of one's own that someone overwrote who had not seen them. */
export const conflict = z.object({
  id: conflictId,
  listId: id,
  listTitle: z.string(),
  taskId: id,
  /** As it is called now; null: it was deleted, or went where one cannot see it. */
  taskTitle: z.nullable(z.string()),
  field: z.string(),
  yours: z.unknown(),
  theirs: z.unknown(),
  /** Whose change it was: oneself, where it came from another device. */
  by: actor,
  seq,
  at: millis,
  /** Whether one may change the task now. */
  canRestore: z.boolean(),
});
export type Conflict = z.infer<typeof conflict>;

export const conflictsQuery = pageQuery;

/** Newest first. `total`: how many there are, counted up to 100. */
export const conflictsPage = z.object({
  items: z.array(conflict),
  next: z.optional(z.string()),
  total: z.int(),
  profiles,
});
export type ConflictsPage = z.infer<typeof conflictsPage>;

/** These, or all that there are. */
export const conflictsDismiss = z.union([
  z.strictObject({ ids: z.array(conflictId).check(z.minLength(1), z.maxLength(200)) }),
  z.strictObject({ all: z.literal(true) }),
]);
export const conflictsDismissed = z.object({ total: z.int() });
export type ConflictsDismissed = z.infer<typeof conflictsDismissed>;
