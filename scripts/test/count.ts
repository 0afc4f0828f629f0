/** What a test run came to. */
export interface Count {
  passed: number;
  failed: number;
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number };
  errors: unknown[];
}

/** Of Vitest's JSON report; a file that could not even be loaded counts as one failure. */
export function countVitest(report: VitestReport): Count {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}

/** Of Playwright's JSON report; a fault outside of any test counts as one failure. */
export function countPlaywright({ stats, errors }: PlaywrightReport): Count {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length };
}

/**
 * The honest count of a program that ran tests.
 *
 * @param count what its report says, undefined if it left none
 * @param exitCode a run that says it failed is never counted as clean
 */
export function settleCount(count: Count | undefined, exitCode: number | null): Count {
  const { passed, failed } = count ?? { passed: 0, failed: 0 };
  const isSilentFailure = failed === 0 && (exitCode !== 0 || count === undefined);
  return { passed, failed: isSilentFailure ? 1 : failed };
}
