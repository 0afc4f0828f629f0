/** A run whose worker has not beaten for {@link SILENT_AFTER_MS} is another's to go on with. */
export const BEAT_EVERY_MS = 2_000;
/** More than three beats: a busy machine misses one now and then, and a verdict costs the run its unfinished words. */
export const SILENT_AFTER_MS = 7_000;

/** Says that a run's worker lives, until it is stopped. A beat that fails is only told: the next may pass. */
export function startHeartbeat(beat: () => Promise<void>, onFault: (error: unknown) => void): { stop(): void } {
  const timer = setInterval(() => void beat().catch(onFault), BEAT_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
