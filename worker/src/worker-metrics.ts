import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { LATENCY_BUCKETS_S, RUN_BUCKETS_S, type Metrics } from '@muster/runtime/metrics';
import { measureRunQueue } from '@muster/runtime/run-queue-metrics';
import type { RunOutcome } from './run/run-outcome.ts';

export interface WorkerMetrics {
  runEnded(outcome: RunOutcome, seconds: number): void;
  toolCalled(call: { name: string; outcome: string; seconds: number }): void;
  /** Care for the log removed this much of that kind. */
  removed(what: string, count: number): void;
  careFailed(what: string): void;
  mailed(outcome: string): void;
}

export function createWorkerMetrics({
  metrics,
  runs,
  activeRuns,
}: {
  metrics: Metrics;
  runs: RunWorkRepository;
  activeRuns: () => number;
}): WorkerMetrics {
  const ended = metrics.counter('runs_total', 'Runs by what came of them', ['outcome']);
  const duration = metrics.histogram('run_duration_seconds', 'From a claim to the end', ['outcome'], RUN_BUCKETS_S);
  const calls = metrics.counter('tool_calls_total', 'Tool calls by what came of them', ['tool', 'outcome']);
  const callDuration = metrics.histogram('tool_call_duration_seconds', 'Tool calls', ['tool'], LATENCY_BUCKETS_S);
  const removed = metrics.counter('log_care_removed_total', 'What the care for the log removed', ['what']);
  const failed = metrics.counter('log_care_failures_total', 'Parts of the care for the log that failed', ['what']);
  const mails = metrics.counter('mail_total', 'Attempts to send a mail by what came of them', ['outcome']);
  metrics.gauge('runs_active', 'Runs that this worker works on', [], (gauge) => gauge.set(activeRuns()));
  measureRunQueue(metrics, () => runs.readQueue());
  return {
    runEnded(outcome, seconds) {
      ended.inc({ outcome });
      duration.observe({ outcome }, seconds);
    },
    toolCalled({ name, outcome, seconds }) {
      calls.inc({ tool: name, outcome });
      callDuration.observe({ tool: name }, seconds);
    },
    removed: (what, count) => removed.inc({ what }, count),
    careFailed: (what) => failed.inc({ what }),
    mailed: (outcome) => mails.inc({ outcome }),
  };
}
