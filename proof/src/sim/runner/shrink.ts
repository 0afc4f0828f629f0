import type { PromiseName } from '../../oracles/violation.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { runPlan, type RunResult } from '../run-seed.ts';
import type { Database } from '../store/database.ts';

const MOST_RUNS = 120;

/**
 * Leaves out steps while the same promise still breaks: halves first, then quarters, down to single ones. What a step
 * does hangs on its own number, so the rest stays what it was.
 */
export async function shrink(plan: Plan, database: Database) {
  let runs = 0;
  const run = (steps: Step[]): Promise<RunResult> => {
    runs += 1;
    return runPlan({ ...plan, steps }, database, true);
  };
  let best = await run(plan.steps);
  let { steps } = plan;
  const promise: PromiseName | undefined = best.violations[0]?.promise;
  if (promise === undefined) return { steps, runs, result: best };
  let size = Math.ceil(steps.length / 2);
  while (size >= 1 && runs < MOST_RUNS) {
    let hasShrunk = false;
    for (let at = 0; at < steps.length && runs < MOST_RUNS;) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      const result = await run(fewer);
      if (result.violations.some((broken) => broken.promise === promise)) {
        best = result;
        steps = fewer;
        hasShrunk = true;
      } else at += size;
    }
    if (size === 1 && !hasShrunk) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { steps, runs, result: best };
}
