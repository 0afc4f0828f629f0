import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createMetrics } from '@muster/runtime/metrics';
import { expect, test } from 'vitest';
import { measureRuns } from './run-metrics.ts';

test('a scrape reads the queue once and what ended once', async () => {
  const metrics = createMetrics({ hasProcessMetrics: false });
  const asked: string[] = [];
  const runs = {
    readQueue: async () => (asked.push('queue'), { queued: 0, running: 0, oldestMs: 0 }),
    listEnded: async () => (asked.push('ended'), [{ status: 'completed', count: 4, meanMs: 1_500 }]),
  } as unknown as RunWorkRepository;
  measureRuns({ metrics, runs });
  const text = await metrics.text();
  expect(text).toContain('muster_runs_last_hour{outcome="completed"} 4');
  expect(text).toContain('muster_runs_last_hour_mean_seconds{outcome="completed"} 1.5');
  expect(asked.sort()).toEqual(['ended', 'queue']);
});
