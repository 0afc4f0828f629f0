import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import type { Metrics } from '@muster/runtime/metrics';

const HOUR_MS = 3_600_000;

/**
 * The agent's runs as every gateway can tell them: read from Postgres at a scrape, so that whoever watches only gateways
 * sees a queue that grows. Workers count each run and tool call themselves, on a port of their own.
 */
export function measureRuns({ metrics, runs }: { metrics: Metrics; runs: RunWorkRepository }): void {
  metrics.gauge('run_queue_depth', 'Runs by status, in all of the product', ['status'], async (gauge) => {
    const { queued, running } = await runs.readQueue();
    gauge.set({ status: 'queued' }, queued);
    gauge.set({ status: 'running' }, running);
  });
  metrics.gauge('run_queue_oldest_seconds', 'Since when the oldest run waits', [], async (gauge) => {
    gauge.set((await runs.readQueue()).oldestMs / 1000);
  });
  metrics.gauge('runs_last_hour', 'Runs that ended within the last hour, by outcome', ['outcome'], async (gauge) => {
    gauge.reset();
    for (const { status, count } of await runs.listEnded(HOUR_MS)) gauge.set({ outcome: status }, count);
  });
  metrics.gauge('runs_last_hour_mean_seconds', 'How long they took, on average', ['outcome'], async (gauge) => {
    gauge.reset();
    for (const { status, meanMs } of await runs.listEnded(HOUR_MS)) gauge.set({ outcome: status }, meanMs / 1000);
  });
}
