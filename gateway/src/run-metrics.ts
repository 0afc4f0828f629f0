import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import type { Metrics } from '@muster/runtime/metrics';
import { measureRunQueue } from '@muster/runtime/run-queue-metrics';
import { shareRead } from '@muster/runtime/share-read';

const HOUR_MS = 3_600_000;

/**
 * The agent's runs as every gateway can tell them: read from Postgres at a scrape, so that whoever watches only gateways
 * sees a queue that grows. Workers count each run and tool call themselves, on a port of their own.
 */
export function measureRuns({ metrics, runs }: { metrics: Metrics; runs: RunWorkRepository }): void {
  measureRunQueue(metrics, () => runs.readQueue());
  const readEnded = shareRead(() => runs.listEnded(HOUR_MS));
  metrics.gauge('runs_last_hour', 'Runs that ended within the last hour, by outcome', ['outcome'], async (gauge) => {
    const ended = await readEnded();
    gauge.reset();
    for (const { status, count } of ended) gauge.set({ outcome: status }, count);
  });
  metrics.gauge('runs_last_hour_mean_seconds', 'How long they took, on average', ['outcome'], async (gauge) => {
    const ended = await readEnded();
    gauge.reset();
    for (const { status, meanMs } of ended) gauge.set({ outcome: status }, meanMs / 1000);
  });
}
