/** How long to wait before a process is started again. */
export interface Backoff {
  /** @param livedMs how long it had lived: one that lived long starts anew with the shortest wait */
  next(livedMs: number): number;
}

export const FIRST_WAIT_MS = 250;
export const LONGEST_WAIT_MS = 15_000;
/** Longer than the longest wait, or a process that dies at once would look healthy. */
export const HEALTHY_AFTER_MS = 30_000;

export function createBackoff(): Backoff {
  let failures = 0;
  return {
    next: (livedMs) => {
      failures = livedMs >= HEALTHY_AFTER_MS ? 0 : failures;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      failures += 1;
      return waitMs;
    },
  };
}
