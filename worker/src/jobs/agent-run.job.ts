import type { JobHandlers } from './job-handlers.ts';
import { executeRun, type ExecuteDeps } from '../run/execute-run.ts';

/** Works on one run. The row says whether there is anything to do: a job is only a hint. */
export const agentRunJob =
  (deps: ExecuteDeps): JobHandlers['agent-run'] =>
  ({ runId }) =>
    executeRun(deps, runId);
