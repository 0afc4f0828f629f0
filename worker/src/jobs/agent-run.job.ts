import type { Tracing } from '@muster/runtime/tracing';
import type { JobHandlers } from './job-handlers.ts';
import { executeRun, type ExecuteDeps } from '../run/execute-run.ts';

/** Works on one run. The row says whether there is anything to do: a job is only a hint. */
export const agentRunJob =
  (deps: ExecuteDeps, tracing: Tracing): JobHandlers['agent-run'] =>
  ({ runId, trace: parent }) =>
    tracing.span(
      'agent-run',
      { kind: 'consumer', parent, isRoot: true, attributes: { 'messaging.system': 'bullmq', 'muster.run.id': runId } },
      () => executeRun(deps, runId),
    );
