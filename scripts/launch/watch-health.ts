import { setTimeout as delay } from 'node:timers/promises';

/** Whether each gateway answers, so that nobody is handed to one that hangs. */
export interface HealthWatch {
  /** True until it was found not to answer, and again as soon as it does. */
  isHealthy(index: number): boolean;
  stop(): void;
}

const EVERY_MS = 1_000;
/** Far above what a busy gateway needs, and below what a client waits before it tries again. */
const WITHIN_MS = 1_500;

/**
 * Asks every gateway's `/healthz` once a second.
 *
 * @param urls of the gateways; their processes may change, their addresses do not
 */
export function watchHealth(
  urls: readonly string[],
  { everyMs = EVERY_MS, withinMs = WITHIN_MS }: { everyMs?: number; withinMs?: number } = {},
): HealthWatch {
  const ending = new AbortController();
  const sick = new Set<number>();

  const watch = async (url: string, index: number) => {
    while (!ending.signal.aborted) {
      const isWell = await answers(`${url}/healthz`, withinMs);
      if (isWell) sick.delete(index);
      else sick.add(index);
      await delay(everyMs, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
    }
  };
  for (const [index, url] of urls.entries()) void watch(url, index);

  return { isHealthy: (index) => !sick.has(index), stop: () => ending.abort() };
}

/** Whether a process says there that it is ready to serve. */
export const isReadyAt = (url: string): Promise<boolean> => answers(url, WITHIN_MS);

async function answers(url: string, withinMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
