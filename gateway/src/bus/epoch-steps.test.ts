import { expect, test } from 'vitest';
import { EpochSteps } from './epoch-steps.ts';

test('each change has the epoch of its commit, and only the steps are kept', () => {
  const steps = new EpochSteps();
  for (const [seq, epoch] of [
    [7, 1],
    [8, 1],
    [9, 3],
    [10, 3],
    [11, 4],
  ] as const)
    steps.add(seq, epoch);
  expect([7, 8, 9, 10, 11].map((seq) => steps.at(seq))).toEqual([1, 1, 3, 3, 4]);
  expect(steps.size).toBe(3);
  steps.forgetBelow(10);
  expect([steps.size, steps.at(10), steps.at(11)]).toEqual([2, 3, 4]);
  steps.forgetBelow(9);
  steps.forgetBelow(20);
  expect([steps.size, steps.at(12)]).toEqual([1, 4]);
});
