import * as z from 'zod/mini';
import { id, scopeId } from './id.ts';
import { LIMITS } from './limits.ts';
import { actor } from './principal.ts';

/** What may be named in a condition: everything that a person changes by hand. */
export const CONDITION_TYPES = ['list', 'member', 'task', 'label', 'thread', 'membership', 'settings'] as const;

/**
 * What must still be so for a mutation to be decided at all: that an entity is gone, or that fields of it hold these
 * values, or that a task has just these sub-tasks, a thread just these messages. How undo refuses to clobber what came later.
 */
export const condition = z
  .strictObject({
    type: z.enum(CONDITION_TYPES),
    id,
    /** Where it is: needed for `member` and `membership`, whose ids repeat from scope to scope. */
    scope: z.optional(scopeId),
    absent: z.optional(z.literal(true)),
    fields: z.optional(z.record(z.string().check(z.maxLength(64)), z.unknown())),
    /** Ids of a task's live sub-tasks, in any order; of a thread: of all that was written in it, messages and runs. */
    children: z.optional(z.array(id).check(z.maxLength(LIMITS.subtasksOfTask))),
  })
  .check(
    z.refine(({ type, scope }) => scope !== undefined || (type !== 'member' && type !== 'membership'), {
      path: ['scope'],
      error: 'is needed to tell which one is meant',
    }),
  );
export type Condition = z.infer<typeof condition>;

export const ifStill = z.array(condition).check(z.minLength(1), z.maxLength(LIMITS.conditionsInOneMutation));

/** In the details of a `conflict`: which condition does not hold, what stands there now, and whose it is. */
export const brokenCondition = z.object({
  type: z.string(),
  id,
  /** Null: the entity is gone, or back. `children`: its sub-tasks are others, or something was written in it. */
  field: z.nullable(z.string()),
  value: z.unknown(),
  /** Null where nobody remembers. */
  by: z.nullable(actor),
});
export type BrokenCondition = z.infer<typeof brokenCondition>;
