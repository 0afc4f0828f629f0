import type { Clock } from './types.ts';

/** The real one. Tests pass their own. */
export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Waiting times that double up to a cap, each drawn from the whole range (full jitter), so that crowds spread out. */
export function backoff(clock: Clock, attempt: number, baseMs: number, capMs: number): number {
  return clock.random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 20));
}
