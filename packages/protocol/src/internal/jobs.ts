import * as z from 'zod/mini';
import { id } from '../id.ts';

/** Queues of BullMQ, and all jobs as one union, from which the handlers' types follow. */
export const QUEUES = { runs: 'runs', upkeep: 'upkeep', care: 'care', mail: 'mail' } as const;

export const JOBS = {
  // `trace`: what it follows from, where that is traced.
  'agent-run': { queue: QUEUES.runs, data: z.object({ runId: id, trace: z.optional(z.string()) }) },
  'sweep-runs': { queue: QUEUES.upkeep, data: z.object({}) },
  // A queue of its own: a round may take a minute, and runs that lost their worker must not wait for it.
  'care-for-log': { queue: QUEUES.care, data: z.object({}) },
  // A server that takes its time with mail keeps nothing else waiting.
  'send-mail': { queue: QUEUES.mail, data: z.object({}) },
} as const;
export type JobName = keyof typeof JOBS;
export type JobData<N extends JobName> = z.output<(typeof JOBS)[N]['data']>;

/** With the run's id alone, a resume after an approval would be dropped as already done. ':' is not allowed. */
export const agentRunJobId = (runId: string, attempt: number): string => `${runId}_${attempt}`;
