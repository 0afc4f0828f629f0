import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Product } from './find-product.ts';

/** Something that happened to the product under load. */
export interface Incident {
  /** Seconds after the beginning. */
  at: number;
  line: string;
}

/** Resident memory of all gateways, and of all workers. */
export interface MemorySample {
  at: number;
  gateways: number;
  workers: number;
}

export interface ProductWatch {
  readonly incidents: Incident[];
  readonly memory: MemorySample[];
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;
const WITHIN_MS = 4_000;
const MEMORY_EVERY = 5;
const run = promisify(execFile);

/**
 * Asks the product once a second how it is, and tells each change of that in a line.
 * @param say told at once
 */
export function watchProduct({ url, pids }: Product, say: (line: string) => void, everyMs = EVERY_MS): ProductWatch {
  const ending = new AbortController();
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1_000);
  const incidents: Incident[] = [];
  const memory: MemorySample[] = [];
  let trouble: { state: string; since: number } | undefined;

  const tell = (line: string) => {
    incidents.push({ at: seconds(), line });
    say(`after ${seconds()} s: ${line}`);
  };
  const look = async () => {
    const state = await stateOf(url, ending.signal);
    if (ending.signal.aborted || state === trouble?.state) return;
    if (state === undefined) tell(`all works again, after ${seconds() - trouble!.since} s.`);
    else tell(state);
    trouble = state === undefined ? undefined : { state, since: trouble?.since ?? seconds() };
  };
  const watching = (async () => {
    for (let turn = 0; !ending.signal.aborted; turn++) {
      await look();
      if (turn % MEMORY_EVERY === 0) {
        const [gateways, workers] = [await residentBytes(pids.gateways), await residentBytes(pids.workers)];
        if (gateways > 0) memory.push({ at: seconds(), gateways, workers });
      }
      await delay(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    incidents,
    memory,
    stop: () => {
      ending.abort();
      return watching;
    },
  };
}

/** @returns undefined where all is well */
async function stateOf(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
    });
    const { summary } = (await response.json()) as { summary?: string };
    return response.ok ? undefined : (summary ?? `The product answers ${response.status}.`);
  } catch {
    return 'The product does not answer.';
  }
}

async function residentBytes(pids: readonly number[]): Promise<number> {
  if (pids.length === 0) return 0;
  try {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', pids.join(',')]);
    return stdout.split('\n').reduce((sum, line) => sum + (Number(line.trim()) || 0) * 1_024, 0);
  } catch {
    return 0;
  }
}
