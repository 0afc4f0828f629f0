import * as z from 'zod/mini';
import { id, scopeId, seq } from './id.ts';
import { millis } from './list.ts';
import { actor, profiles } from './principal.ts';

const fields = z.record(z.string(), z.unknown());

/**
 * What came of an intent: `put` replaces, `patch` sets fields, `del` removes. Patch and del of what is absent do
 * nothing. An op that a reader does not know stops the scope and asks for a newer page.
 */
export const effect = z.discriminatedUnion('op', [
  z.object({ op: z.literal('put'), type: z.string(), id: z.string(), value: fields }),
  z.object({ op: z.literal('patch'), type: z.string(), id: z.string(), fields }),
  z.object({ op: z.literal('del'), type: z.string(), id: z.string() }),
]);
export type Effect = z.infer<typeof effect>;

/** A value that lost a merge and whose successor's author had not seen it: nobody's text disappears silently. */
export const overwrote = z.object({
  type: z.string(),
  id: z.string(),
  field: z.string(),
  value: z.unknown(),
  actor: id,
  seq,
});
export type Overwrote = z.infer<typeof overwrote>;

export const change = z.object({
  seq,
  at: millis,
  txnId: id,
  actor,
  clientId: z.optional(id),
  mid: z.optional(z.int()),
  runId: z.optional(id),
  effects: z.array(effect),
  overwrote: z.optional(z.array(overwrote)),
});
export type Change = z.infer<typeof change>;

/** `scope:changes`, and what commit publishes: contiguous, `from` and `to` inclusive. */
export const packet = z.object({
  scope: scopeId,
  from: seq,
  to: seq,
  changes: z.array(change),
  aclEpoch: z.int(),
  logEpoch: id,
  profiles: z.optional(profiles),
});
export type Packet = z.infer<typeof packet>;
