import * as z from 'zod/mini';
import { entity } from './entity.ts';
import { change } from './change.ts';
import { ifStill } from './condition.ts';
import { errorCode, errorDetails, wireError } from './error.ts';
import { id, scopeId, seq } from './id.ts';
import { LIMITS } from './limits.ts';
import { profiles } from './principal.ts';
import { decision, runStatusAnswer, runWatchAnswer, textPosition } from './run.ts';
import { traceparent } from './traceparent.ts';

/** What a client may send, each acknowledged with `{ok: true, data} | {ok: false, error}`. */

export const handshakeAuth = z.object({
  clientId: id,
  protocol: z.int().check(z.minimum(1)),
  token: z.optional(z.string().check(z.maxLength(4096))),
});

export const position = z.object({ seq, logEpoch: id });
export type Position = z.infer<typeof position>;

export const scopeOpen = z.object({
  scopes: z
    .array(z.object({ scope: scopeId, after: z.optional(position) }))
    .check(z.minLength(1), z.maxLength(LIMITS.scopesInOneOpen)),
});
/** The same answer as an open's, without joining. */
export const scopePull = z.object({ scope: scopeId, after: z.optional(position) });
export const scopePage = z.object({ scope: scopeId, next: z.string().check(z.maxLength(1024)) });
export const scopeClose = z.object({ scope: scopeId });

export const scopeResult = z.discriminatedUnion('kind', [
  z.object({
    scope: scopeId,
    kind: z.literal('snapshot'),
    seq,
    aclEpoch: z.int(),
    logEpoch: id,
    entities: z.array(entity),
    next: z.optional(z.string()),
  }),
  z.object({
    scope: scopeId,
    kind: z.literal('changes'),
    from: seq,
    to: seq,
    changes: z.array(change),
    aclEpoch: z.int(),
    logEpoch: id,
  }),
  z.object({ scope: scopeId, kind: z.literal('later') }),
  z.object({ scope: scopeId, kind: z.literal('error'), error: wireError }),
]);
export type ScopeResult = z.infer<typeof scopeResult>;
export const scopeOpenAnswer = z.object({ results: z.array(scopeResult), profiles });
export const scopePageAnswer = z.object({ entities: z.array(entity), next: z.optional(z.string()) });
export const empty = z.object({});

export const mutate = z.object({
  mid: z.int().check(z.minimum(1)),
  nonce: z.string().check(z.minLength(8), z.maxLength(64)),
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  // Left out is a bad argument, which takes its mid, and no frame that cannot be read.
  args: z.optional(z.unknown()),
  base: z.optional(seq),
  /** Rejected with `conflict` unless all of this holds when it is decided. */
  ifStill: z.optional(ifStill),
  /** Where it is traced: the click that it came from. */
  trace: z.optional(traceparent),
});
export type Mutate = z.infer<typeof mutate>;

const seqs = z.record(z.string(), seq);
const applied = z.object({ status: z.literal('applied'), seqs });
const rejected = z.object({
  status: z.literal('rejected'),
  code: errorCode,
  message: z.string(),
  details: z.optional(errorDetails),
});
export const firstAnswer = z.discriminatedUnion('status', [applied, rejected]);
export type FirstAnswer = z.infer<typeof firstAnswer>;
export const mutateAnswer = z.discriminatedUnion('status', [
  applied,
  rejected,
  z.object({ status: z.literal('duplicate'), first: firstAnswer }),
  z.object({ status: z.literal('out_of_order'), expected: z.int() }),
]);
export type MutateAnswer = z.infer<typeof mutateAnswer>;

export const presenceState = z.object({ taskId: z.optional(id), typing: z.optional(z.boolean()) });
export type PresenceState = z.infer<typeof presenceState>;
export const presenceSet = z.object({ scope: scopeId, state: z.nullable(presenceState) });
export const who = z.array(z.object({ id, state: presenceState }));
export const presenceAnswer = z.object({ who });

export const runWatch = z.object({ runId: id, after: z.optional(textPosition) });
export const runUnwatch = z.object({ runId: id });
export const runStop = z.object({ runId: id });
export const runDecide = z.object({ runId: id, ...decision });

export const CLIENT_EVENTS = {
  'scope:open': { data: scopeOpen, answer: scopeOpenAnswer },
  'scope:pull': { data: scopePull, answer: scopeResult },
  'scope:page': { data: scopePage, answer: scopePageAnswer },
  'scope:close': { data: scopeClose, answer: empty },
  mutate: { data: mutate, answer: mutateAnswer },
  'presence:set': { data: presenceSet, answer: presenceAnswer },
  'run:watch': { data: runWatch, answer: runWatchAnswer },
  'run:unwatch': { data: runUnwatch, answer: empty },
  'run:stop': { data: runStop, answer: runStatusAnswer },
  'run:decide': { data: runDecide, answer: runStatusAnswer },
} as const;
export type ClientEventName = keyof typeof CLIENT_EVENTS;
export type ClientEventData<N extends ClientEventName> = z.output<(typeof CLIENT_EVENTS)[N]['data']>;
export type ClientEventAnswer<N extends ClientEventName> = z.output<(typeof CLIENT_EVENTS)[N]['answer']>;
export type Ack<T> = { ok: true; data: T } | { ok: false; error: z.infer<typeof wireError> };
/** Socket.IO's event map. */
export type ClientToServerEvents = {
  [N in ClientEventName]: (data: unknown, ack: (answer: Ack<ClientEventAnswer<N>>) => void) => void;
};
