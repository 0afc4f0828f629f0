import { VOID } from './intent.ts';
import type { PendingMutation } from './types.ts';

/** A server that is restored has lost some minutes at most: what it had acknowledged in them is offered to it again. */
const ACKNOWLEDGED_MS = 10 * 60_000;
/** A clock that is set forward makes minutes of a day: the newest are kept whatever it says. */
const ACKNOWLEDGED_LEAST = 64;
const ACKNOWLEDGED_MOST = 1_000;
/** Beyond this the server may have forgotten the client too, and would take what it has for new. */
const OFFERED_WITHIN_MS = 30 * 24 * 60 * 60_000;

/** A mutation that left the queue, under the log in which it was done. */
export type Acknowledged = PendingMutation & { logEpoch: string; at: number };

/**
 * Whether the oldest of so many can go. Their age counts from the newest, not from now: a server that is down for an hour
 * was restored to before it went down.
 */
export const isSpare = ({ at }: Acknowledged, count: number, newest: number): boolean =>
  count > ACKNOWLEDGED_MOST || (count > ACKNOWLEDGED_LEAST && at < newest - ACKNOWLEDGED_MS);

/** It was done under another log, or the server says that it knows of nothing from this mid on. */
export const isLost = ({ logEpoch, mid }: Acknowledged, now: string, from: number): boolean =>
  logEpoch !== now || mid >= from;

export const isOfferable = ({ at }: Acknowledged, now: number): boolean => at > now - OFFERED_WITHIN_MS;

/** Nothing of it is left but its place among the mids. */
export function emptied<T extends PendingMutation>(mutation: T): T {
  const left: T = { ...mutation, name: VOID as PendingMutation['name'], args: {} };
  delete left.ifStill;
  return left;
}

/** What is wiped with a scope. Deleting holds nobody's words, and is wanted again where the scope comes back. */
export const isOfScope = ({ name, seqs }: PendingMutation, scope: string): boolean =>
  seqs !== null && Object.hasOwn(seqs, scope) && !/\.delete$|^member\.remove$/.test(name);
