/** Deltas of one window travel together: half the CPU of 50 tokens a second, and a delay that nobody sees. */
const SHORTEST_MS = 30;
/** Words that come once a second are still read as they come; the heartbeat of a run stays above this. */
const LONGEST_MS = 1_000;
/** Of one process: each costs a look at the row, a call of Redis, and a message to every viewer at every gateway. */
const FLUSHES_A_SECOND = 2_000;
/** Stores that need this part of a window for one flush have no room for more of them. */
const SHARE_OF_WINDOW = 1 / 4;
/** A run that has not flushed for this long is not streaming: above the longest window. */
const STREAMING_FOR_MS = 2 * LONGEST_MS;
const COUNT_EVERY_MS = 100;
/** How much of the average the newest flush is: some twenty of them make it. */
const WEIGHT = 0.1;

/**
 * How long text waits for more of it, one measure for all runs of a process: their sum is what costs. With few runs it is
 * what nobody sees; with many, or with stores that answer slowly, it widens, so that words come in larger pieces instead
 * of queueing before a busy Redis or gateway. The first words of an item never wait.
 */
export interface FlushPace {
  readonly windowMs: number;
  /** A run's text has left, after so long. */
  flushed(runId: string, tookMs: number): void;
}

export function createFlushPace({
  flushesPerSecond = FLUSHES_A_SECOND,
  now = () => performance.now(),
}: { flushesPerSecond?: number; now?: () => number } = {}): FlushPace {
  /** In the order of their last flush. */
  const streaming = new Map<string, number>();
  let countedAt = -Infinity;
  let averageMs = 0;

  const count = (): number => {
    const at = now();
    if (at - countedAt >= COUNT_EVERY_MS) {
      countedAt = at;
      for (const [runId, flushedAt] of streaming) {
        if (at - flushedAt < STREAMING_FOR_MS) break;
        streaming.delete(runId);
      }
    }
    return streaming.size;
  };

  return {
    get windowMs() {
      const byCount = (count() * 1_000) / flushesPerSecond;
      const bySlowness = averageMs / SHARE_OF_WINDOW;
      return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, byCount, bySlowness));
    },
    flushed(runId, tookMs) {
      streaming.delete(runId);
      streaming.set(runId, now());
      averageMs += WEIGHT * (tookMs - averageMs);
    },
  };
}
