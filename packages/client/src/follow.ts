import type { Packet } from '@muster/protocol/change';
import { MusterError, type WireError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { ScopeHandle, ScopeState } from './types.ts';

export const UPGRADE: WireError = {
  code: 'upgrade_required',
  message: 'This page is too old to read what is new here. Load it again.',
  retryable: false,
};

export const GONE: WireError = {
  code: 'not_found',
  message: 'This is gone, or no longer yours to see.',
  retryable: false,
};

/** A scope that is wanted, and how far we are with it. */
export interface Follow {
  readonly scope: ScopeId;
  /** Handles that the page holds. */
  handles: number;
  /** Followed by the client itself: the person's own scope and the lists of their memberships. */
  isOwn: boolean;
  /** Answers asked for under an earlier number are discarded: a scope:gone, a reconnect or a close came between. */
  generation: number;
  /** One request at a time. */
  isAsking: boolean;
  /** Confirmed by the server on this connection. */
  isFresh: boolean;
  /** Packets that do not fit yet. */
  held: Packet[];
  /** The greatest head that was heard of. */
  head: number;
  /** Failures and fruitless answers in a row. */
  attempts: number;
  /** The server's changes did not follow on what we have: the whole is asked for. */
  isUnfit: boolean;
  cancelRetry: (() => void) | undefined;
  /** It ended: gone, refused, or stopped at an op that this page does not know. */
  end: Extract<ScopeState, { state: 'gone' | 'error' }> | undefined;
  /** Those who wait for content. */
  waiting: { resolve: () => void; reject: (error: WireError) => void }[];
}

export const createFollow = (scope: ScopeId): Follow => ({
  scope,
  handles: 0,
  isOwn: false,
  generation: 0,
  isAsking: false,
  isFresh: false,
  held: [],
  head: 0,
  attempts: 0,
  isUnfit: false,
  cancelRetry: undefined,
  end: undefined,
  waiting: [],
});

/** How a scope stands. `seq`: of its content that is here; `isMaking`: the queue makes it. */
export function stateOf(follow: Follow | undefined, seq: number | undefined, isMaking: boolean): ScopeState {
  if (follow?.end) return follow.end;
  if (seq !== undefined) return { state: 'open', seq, isFresh: follow?.isFresh ?? false };
  if (isMaking) return { state: 'open', seq: 0, isFresh: false };
  return { state: follow ? 'opening' : 'absent' };
}

/** Makes answers that are under way count for nothing. */
export function restart(follow: Follow): void {
  follow.generation += 1;
  follow.isAsking = false;
  follow.isFresh = false;
  follow.held = [];
  follow.head = 0;
  follow.cancelRetry?.();
  follow.cancelRetry = undefined;
}

/** On another connection, what was gone or refused may be there again: one more question costs nothing. */
export function askAnew(follow: Follow): void {
  const { end, isOwn } = follow;
  if (end?.state === 'error' ? end.error.code === 'invalid' : !end || !isOwn) return;
  follow.end = undefined;
  follow.attempts = 0;
}

/** The scope ends here: nothing more is asked or applied, and those who wait for content hear why. */
export function finish(follow: Follow, end: NonNullable<Follow['end']>, error: WireError): void {
  restart(follow);
  follow.end = end;
  for (const { reject } of follow.waiting.splice(0)) reject(error);
}

/** A list that is gone while the person's own scope still names it is asked for so often: for some ten seconds. */
const DOUBTS = 8;

export const isDoubtful = ({ scope, isOwn, attempts }: Follow, named: ReadonlySet<ScopeId>): boolean =>
  isOwn && attempts < DOUBTS && named.has(scope);

/** One more user of the scope. */
export function createHandle(follow: Follow, release: () => void): ScopeHandle {
  follow.handles += 1;
  const ready = new Promise<void>((resolve, reject) => {
    follow.waiting.push({
      resolve,
      reject: (error) => reject(new MusterError(error.code, error.message, error.details)),
    });
  });
  // Those who do not look at it must not end the process.
  ready.catch(() => undefined);
  let isClosed = false;
  return {
    scope: follow.scope,
    ready,
    close() {
      if (isClosed) return;
      isClosed = true;
      follow.handles -= 1;
      release();
    },
  };
}

/** Whether the scope is known to lie behind the server's head. */
export const isBehind = ({ head, held, end }: Follow, seq: number | undefined): boolean =>
  !end && (held.length > 0 || head > (seq ?? head));

/** How a packet lies to what we have. Without a position it has to wait for one. */
export type Fit = 'old' | 'fits' | 'gap' | 'other-log';

export function fitOf(
  packet: Pick<Packet, 'from' | 'to' | 'logEpoch'>,
  at: { seq: number; logEpoch: string } | undefined,
): Fit {
  if (!at) return 'gap';
  if (packet.logEpoch !== at.logEpoch) return 'other-log';
  if (packet.to <= at.seq) return 'old';
  return packet.from <= at.seq + 1 ? 'fits' : 'gap';
}

/** What a packet holds beyond `seq`. */
export const cut = (packet: Packet, seq: number): Packet =>
  packet.from > seq
    ? packet
    : { ...packet, from: seq + 1, changes: packet.changes.filter((change) => change.seq > seq) };

/** Whether a packet is what it says: from `from` to `to` without a hole. Anything else is not applied, but asked for again. */
export function isWhole(packet: unknown): packet is Packet {
  const { scope, from, to, changes, aclEpoch, logEpoch } = (packet ?? {}) as Partial<Packet>;
  if (typeof scope !== 'string' || typeof logEpoch !== 'string' || typeof aclEpoch !== 'number') return false;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || !Array.isArray(changes)) return false;
  const first = from as number;
  return (
    changes.length === (to as number) - first + 1 &&
    changes.every(
      (change, at) =>
        change?.seq === first + at &&
        typeof change.actor?.id === 'string' &&
        Array.isArray(change.effects) &&
        change.effects.every(
          (effect) =>
            typeof effect?.op === 'string' &&
            typeof effect.type === 'string' &&
            typeof effect.id === 'string' &&
            (effect.op !== 'put' || (typeof effect.value === 'object' && effect.value !== null)) &&
            (effect.op !== 'patch' || (typeof effect.fields === 'object' && effect.fields !== null)),
        ),
    )
  );
}
