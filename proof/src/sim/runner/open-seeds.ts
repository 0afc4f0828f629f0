import { makePlan } from '../plan/plan.ts';
import { runPlan, type RunResult } from '../run-seed.ts';
import { Database } from '../store/database.ts';
import type { Broken, Ran, Shrunk } from './messages.ts';
import { shrink } from './shrink.ts';

const MOST_TOLD = 5;

/** One each of the promises that broke, the first first. */
function brokenOf({ violations }: RunResult): Broken[] {
  const found = new Map(
    violations.map(({ promise, what }) => [promise, what]).reverse() as [Broken['promise'], string][],
  );
  return [...found]
    .reverse()
    .slice(0, MOST_TOLD)
    .map(([promise, what]) => ({ promise, what }));
}

/** Seeds of this process, on this database. */
export function openSeeds(url: string) {
  const database = new Database(url);
  return {
    async run(seed: number, isTold: boolean): Promise<Ran> {
      const began = performance.now();
      const plan = makePlan(seed);
      const result = await runPlan(plan, database, isTold);
      const faults = plan.steps.filter(({ is }) => is === 'fault').map(({ kind }) => kind);
      const { fingerprint, lines, virtualMs, ops } = result;
      return {
        seed,
        broken: brokenOf(result),
        fingerprint,
        lines,
        ms: performance.now() - began,
        virtualMs,
        ops,
        faults,
      };
    },
    async shrink(seed: number): Promise<Shrunk> {
      const plan = makePlan(seed);
      const { steps, runs, result } = await shrink(plan, database);
      return { seed, steps, ofSteps: plan.steps.length, runs, broken: brokenOf(result), lines: result.lines };
    },
  };
}
