import { expect, test } from 'vitest';
import { countPlaywright, countVitest, settleCount } from './count.ts';

test('failed tests and files that do not load are failures', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    testResults: [
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
    ],
  };
  expect(countVitest(report)).toEqual({ passed: 5, failed: 2 });
});

test('a flaky browser test has passed in the end; a fault outside of tests has not', () => {
  expect(countPlaywright({ stats: { expected: 3, unexpected: 1, flaky: 1 }, errors: [{}] })).toEqual({
    passed: 4,
    failed: 2,
  });
});

test.each([
  ['no report', undefined, 0, { passed: 0, failed: 1 }],
  ['a bad end without a failure', { passed: 3, failed: 0 }, 1, { passed: 3, failed: 1 }],
  ['a kill', { passed: 3, failed: 0 }, null, { passed: 3, failed: 1 }],
  ['a failure', { passed: 3, failed: 2 }, 1, { passed: 3, failed: 2 }],
  ['a good end', { passed: 3, failed: 0 }, 0, { passed: 3, failed: 0 }],
])('%s', (_what, count, exitCode, expected) => {
  expect(settleCount(count, exitCode)).toEqual(expected);
});
