/** One thing that `npm run check` looks at. */
export interface Step {
  name: string;
  /** @returns whether it is in order, what to print if it is not, and what could not be looked at here */
  run(): Promise<{ isGood: boolean; output: string; note?: string }>;
}

export interface StepResult {
  name: string;
  isGood: boolean;
  output: string;
  note?: string;
  ms: number;
}

/**
 * Runs the steps, some at a time, in their order; all of them, whatever fails.
 *
 * @param onDone told each result as it comes
 */
export async function runSteps(
  steps: readonly Step[],
  { atATime, onDone }: { atATime: number; onDone: (result: StepResult) => void },
): Promise<StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startedAt = performance.now();
      const outcome = await step
        .run()
        .catch((error: unknown) => ({ isGood: false, output: String((error as Error).stack ?? error) }));
      const result = { name: step.name, ...outcome, ms: Math.round(performance.now() - startedAt) };
      results.push(result);
      onDone(result);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return results;
}
