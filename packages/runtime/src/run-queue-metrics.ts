import type { Metrics } from './metrics.ts';
import { shareRead } from './share-read.ts';

export interface RunQueueNow {
  queued: number;
  running: number;
  oldestMs: number;
}

/**
 * The queue of agent runs, in all of the product: gateways and workers tell it alike, so that whoever watches only one
 * kind of process sees a queue that grows.
 */
export function measureRunQueue(metrics: Metrics, readQueue: () => Promise<RunQueueNow>): void {
  const read = shareRead(readQueue);
  metrics.gauge('run_queue_depth', 'Runs by status, in all of the product', ['status'], async (gauge) => {
    const { queued, running } = await read();
    gauge.set({ status: 'queued' }, queued);
    gauge.set({ status: 'running' }, running);
  });
  metrics.gauge('run_queue_oldest_seconds', 'Since when the oldest run waits', [], async (gauge) => {
    gauge.set((await read()).oldestMs / 1000);
  });
}
