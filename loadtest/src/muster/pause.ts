export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** @param at on the clock */
export const pauseUntil = (at: number): Promise<void> => pause(Math.max(0, at - Date.now()));

/** Waits for something, but no longer than that. It leaves no timer behind: k6 would wait for it. */
export function waitUntil(at: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, at - Date.now()));
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}
