import { VOID } from './intent.ts';
import type { FormerMutation, PendingMutation, Under } from './types.ts';

/** A server that is restored has lost some minutes at most: what it had acknowledged in them is offered to it again. */
const ACKNOWLEDGED_MS = 10 * 60_000;
/** A clock that is set forward makes minutes of a day: the newest are kept whatever it says. */
const ACKNOWLEDGED_LEAST = 64;
const ACKNOWLEDGED_MOST = 1_000;
/** Beyond this the server may have forgotten the client too, and would take what it has for new. */
const OFFERED_WITHIN_MS = 30 * 24 * 60 * 60_000;

/** A mutation that left the queue, under the log in which it was done. */
export type Acknowledged = PendingMutation & Under;

/**
 * Whether the oldest of so many can go. Their age counts from the newest, not from now: a server that is down for an hour
 * was restored to before it went down.
 */
export const isSpare = ({ at }: Pick<Acknowledged, 'at'>, count: number, newest: number): boolean =>
  count > ACKNOWLEDGED_MOST || (count > ACKNOWLEDGED_LEAST && at < newest - ACKNOWLEDGED_MS);

/** The server says that it knows of nothing from a mid on, and has answered it: its log has gone back. */
export const hasGoneBack = (answered: Iterable<Pick<PendingMutation, 'mid'>>, from: number): boolean =>
  [...answered].some(({ mid }) => mid >= from);

export const isOfferable = ({ at }: Pick<Acknowledged, 'at'>, now: number): boolean => at > now - OFFERED_WITHIN_MS;

/** Nothing of it is left but its place among the mids. */
export function emptied<T extends PendingMutation>(mutation: T): T {
  const left: T = { ...mutation, name: VOID as PendingMutation['name'], args: {} };
  delete left.ifStill;
  delete left.isOfferedAgain;
  return left;
}

/** What is wiped with a scope. Deleting holds nobody's words, and is wanted again where the scope comes back. */
export const isOfScope = ({ name, seqs }: PendingMutation, scope: string): boolean =>
  seqs !== null && Object.hasOwn(seqs, scope) && !/\.delete$|^member\.remove$/.test(name);

/** Ten minutes of what was done under earlier clientIds: the oldest that can go. */
export function sparesOf(former: readonly FormerMutation[], newest: number): FormerMutation[] {
  const inOrder = former.toSorted(compareFormer);
  return inOrder.filter((row, at) => isSpare(row, inOrder.length - at, newest));
}

/** What is lost is done again in the order in which it was first done. */
export const compareFormer = (a: FormerMutation, b: FormerMutation): number => a.at - b.at || a.mid - b.mid;

/** What a renewed clientId leaves behind. Of what was given up nothing is left to be lost. */
export const toFormer = (
  { isOfferedAgain: _again, ...mutation }: PendingMutation,
  clientId: string,
  { logEpoch, at }: Under,
): FormerMutation[] => (mutation.name === (VOID as string) ? [] : [{ ...mutation, clientId, logEpoch, at }]);

/** What stands in the place of what was asked for: held by this log, or lost, and to be done again under another id. */
export const heldUnder = ({ isLost: _lost, ...row }: FormerMutation, under: Under): FormerMutation => ({
  ...row,
  ...under,
});

/** Done again under `to`, as the `mid`th: no log is known to hold it. */
export const lostAs = (row: FormerMutation, to: string, mid: number): FormerMutation => ({
  ...row,
  clientId: to,
  mid,
  logEpoch: '',
  isLost: true,
});
