import { setTimeout as delay } from 'node:timers/promises';

/** Of the sockets that have not gone by themselves, this share is closed at once: a few per cent. */
const SHARE = 0.05;
/** Clients that come to the other gateways from one that leaves, a second: each opens its scopes anew there. */
const LEAVING_A_SECOND = 1_000;
const SHORTEST_LEAVING_MS = 500;
/** Of the time for draining: clients go by themselves within the first part, the rest is closed within the second. */
const LEAVING_PART = 0.5;
const CLOSING_PART = 0.9;
/** Enough for an answer that is under way. */
const HURRIED_MS = 150;

export interface Drain {
  count(): number;
  /** @param retryAfterMs within which clients go elsewhere, each at a moment of its own */
  tell(retryAfterMs: number): void;
  /** Closes so many of those that are still there. */
  closeSome(count: number): void;
  withinMs: number;
  /** All of the product ends: there is nowhere else to go. */
  hurried: AbortSignal;
}

/**
 * Empties a gateway: its clients are told to go elsewhere, not all at once; those that have not gone by themselves then
 * are closed a few per cent at a time. Nobody is left when it is over.
 */
export async function drainSockets({ count, tell, closeSome, withinMs, hurried }: Drain): Promise<void> {
  const total = count();
  const leavingMs = Math.min(
    Math.max(SHORTEST_LEAVING_MS, (total / LEAVING_A_SECOND) * 1_000),
    withinMs * LEAVING_PART,
  );
  tell(Math.round(leavingMs));
  const startedAt = performance.now();
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal: hurried }).catch(() => undefined);
  const stepMs = (withinMs * CLOSING_PART - leavingMs) * SHARE;
  while (count() > 0 && performance.now() - startedAt < leavingMs && !hurried.aborted) await wait(Math.min(50, stepMs));
  const step = Math.max(1, Math.ceil(count() * SHARE));
  while (count() > 0 && !hurried.aborted) {
    await wait(stepMs);
    closeSome(step);
  }
  if (count() === 0) return;
  await delay(HURRIED_MS);
  closeSome(count());
}
