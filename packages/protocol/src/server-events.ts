import * as z from 'zod/mini';
import { packet } from './change.ts';
import { who } from './client-events.ts';
import { id, runItemIdSchema, scopeId, seq } from './id.ts';
import { principalKind } from './principal.ts';
import { item, runStatus, textPosition } from './run.ts';

/** What a server sends. Only `scope:changes` carries what lasts; the rest passes and may be lost. */

export const hello = z.object({
  userId: id,
  was: z.array(id),
  gateway: z.string(),
  protocol: z.int(),
  logEpoch: id,
});
export type Hello = z.infer<typeof hello>;
export const scopeHeads = z.object({ heads: z.record(z.string(), seq), logEpoch: id });
export const scopeGone = z.object({
  scope: scopeId,
  reason: z.enum(['removed', 'deleted', 'moved']),
  to: z.optional(scopeId),
});
export type ScopeGone = z.infer<typeof scopeGone>;
export const presenceNews = z.object({ scope: scopeId, who });
export type PresenceNews = z.infer<typeof presenceNews>;
export const profileChanged = z.object({
  id,
  name: z.string(),
  image: z.nullable(z.string()),
  kind: z.optional(principalKind),
});
export const runChunk = z.object({
  runId: id,
  attempt: z.int(),
  itemId: runItemIdSchema,
  offset: z.int().check(z.minimum(0)),
  text: z.string(),
});
export type RunChunk = z.infer<typeof runChunk>;
export const runItemNews = z.object({ runId: id, attempt: z.int(), item });
export type RunItemNews = z.infer<typeof runItemNews>;
export const runStatusNews = z.object({
  runId: id,
  status: runStatus,
  attempt: z.int(),
  rewind: z.optional(textPosition),
});
export type RunStatusNews = z.infer<typeof runStatusNews>;
export const serverDrain = z.object({ retryAfterMs: z.int().check(z.minimum(0)) });

export const SERVER_EVENTS = {
  hello,
  'scope:changes': packet,
  'scope:heads': scopeHeads,
  'scope:gone': scopeGone,
  'presence:state': presenceNews,
  'profile:changed': profileChanged,
  'run:chunk': runChunk,
  'run:item': runItemNews,
  'run:status': runStatusNews,
  'server:drain': serverDrain,
} as const;
export type ServerEventName = keyof typeof SERVER_EVENTS;
export type ServerEventData<N extends ServerEventName> = z.output<(typeof SERVER_EVENTS)[N]>;
/** Socket.IO's event map. */
export type ServerToClientEvents = { [N in ServerEventName]: (data: ServerEventData<N>) => void };

/** At least this often every socket hears `scope:heads`; a client that hears nothing for HEARD_WITHIN_MS reconnects. */
export const HEADS_EVERY_MS = 3_000;
/** Must stay above HEADS_EVERY_MS with room for a slow tick. */
export const HEARD_WITHIN_MS = 5_000;
