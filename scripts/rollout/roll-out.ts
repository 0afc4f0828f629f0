/** One process of the product, as a rollout sees it. */
export interface Rolled {
  /** `gateway 1` */
  name: string;
  /** Whether two of it may run side by side; else the old one leaves before the new one starts. */
  isNewFirst: boolean;
  /** @returns the new process's id @throws where it does not start */
  replace(options: { isNewFirst: boolean }): Promise<{ pid: number }>;
  /** Whether newcomers are sent to it. */
  isReady(): Promise<boolean>;
}

export interface RolloutOptions {
  parts: readonly Rolled[];
  say: (line: string) => void;
  /** Ends it after the process that is being replaced. */
  signal: AbortSignal;
  readyWithinMs?: number;
}

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

/**
 * Replaces every process, one after the other; the next one only when the last one serves.
 *
 * @throws naming the process that did not come up, and what has been replaced by then: the rest goes on as it was
 */
export async function rollOut({ parts, say, signal, readyWithinMs = READY_WITHIN_MS }: RolloutOptions): Promise<void> {
  const startedAt = performance.now();
  for (const [index, part] of parts.entries()) {
    const left = parts.length - index;
    if (signal.aborted) throw new Error(`Stopped. ${index} of ${parts.length} processes are new, ${left} are not.`);
    const since = performance.now();
    say(`${part.name}: ${part.isNewFirst ? 'the next one starts, the old one then leaves' : 'leaves'} …`);
    try {
      const { pid } = await part.replace({ isNewFirst: part.isNewFirst });
      await untilReady(part, readyWithinMs);
      say(`${part.name}: ready after ${seconds(since)} (process ${pid}; ${index + 1} of ${parts.length}).`);
    } catch (error) {
      const rest = left === 1 ? '' : ` The ${left - 1} after it were not touched.`;
      throw new Error(`${part.name} did not come up: ${(error as Error).message}${rest}`, { cause: error });
    }
  }
  say(`All ${parts.length} processes are new, after ${seconds(startedAt)}.`);
}

async function untilReady(part: Rolled, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await part.isReady())) {
    if (performance.now() > deadline) throw new Error(`it was not ready within ${withinMs / 1_000} s.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;
