import type { Ran } from './messages.ts';
import { SeedProcess } from './seed-process.ts';
import type { SimStores } from './stores.ts';

export interface Verdict {
  ran: number;
  seconds: number;
  ops: number;
  virtualSeconds: number;
  faults: Map<string, number>;
  /** Seeds that broke a promise, and those whose process failed. */
  failed: Ran[];
}

/** Runs seeds side by side. @param onRan told of each */
export async function runSeeds(
  stores: SimStores,
  seeds: { first: number; count: number; processes: number },
  onRan: (ran: Ran, done: number) => void,
): Promise<Verdict> {
  const verdict: Verdict = { ran: 0, seconds: 0, ops: 0, virtualSeconds: 0, faults: new Map(), failed: [] };
  const began = performance.now();
  let next = seeds.first;
  const end = seeds.first + seeds.count;
  const work = async () => {
    const url = await stores.makeDatabase();
    let child = await SeedProcess.start(url);
    try {
      while (next < end) {
        const seed = next++;
        let ran: Ran;
        try {
          ran = await child.run(seed);
        } catch (error) {
          child.stop();
          ran = failedRun(seed, error as Error);
          child = await SeedProcess.start(url);
        }
        verdict.ran += 1;
        verdict.ops += ran.ops;
        verdict.virtualSeconds += ran.virtualMs / 1_000;
        for (const fault of ran.faults) verdict.faults.set(fault, (verdict.faults.get(fault) ?? 0) + 1);
        if (ran.broken.length > 0) verdict.failed.push(ran);
        onRan(ran, verdict.ran);
      }
    } finally {
      child.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(seeds.processes, seeds.count) }, work));
  verdict.seconds = (performance.now() - began) / 1_000;
  verdict.failed.sort((a, b) => a.seed - b.seed);
  return verdict;
}

const failedRun = (seed: number, error: Error): Ran => ({
  ...{ seed, fingerprint: '', lines: [], ms: 0, virtualMs: 0, ops: 0, faults: [] },
  broken: [{ promise: 'processes live', what: error.message.slice(0, 600) }],
});
