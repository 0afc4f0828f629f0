import { VOID } from './intent.ts';
import type { PendingMutation } from './types.ts';

/** A server that is restored has lost some minutes at most: what it had acknowledged in them is offered to it again. */
export const ACKNOWLEDGED_MS = 10 * 60_000;
export const ACKNOWLEDGED_MOST = 1_000;
/** Beyond this the server may have forgotten the client too, and would take what it has for new. */
const OFFERED_WITHIN_MS = 24 * 60 * 60_000;

/** A mutation that left the queue, under the log in which it was done. */
export type Acknowledged = PendingMutation & { logEpoch: string; at: number };

/** Counted from the newest, not from now: a server that is down for an hour was restored to before it went down. */
export const isPast = ({ at }: Acknowledged, now: number): boolean => at < now - ACKNOWLEDGED_MS;

export const isForAnotherLog = ({ logEpoch, at }: Acknowledged, now: string, nowMs: number): boolean =>
  logEpoch !== now && at > nowMs - OFFERED_WITHIN_MS;

/** Nothing of it is left but its place among the mids. */
export function emptied<T extends PendingMutation>(mutation: T): T {
  const left: T = { ...mutation, name: VOID as PendingMutation['name'], args: {} };
  delete left.ifStill;
  return left;
}

/** What is wiped with a scope. Deleting holds nobody's words, and is wanted again where the scope comes back. */
export const isOfScope = ({ name, seqs }: PendingMutation, scope: string): boolean =>
  seqs !== null && Object.hasOwn(seqs, scope) && !/\.delete$|^member\.remove$/.test(name);
