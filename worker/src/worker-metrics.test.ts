import type { RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createMetrics } from '@muster/runtime/metrics';
import { afterEach, expect, it } from 'vitest';
import { serveMetrics } from '@muster/runtime/serve-metrics';
import { createWorkerMetrics } from './worker-metrics.ts';

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

it('tells runs by outcome and duration, calls, and the queue’s depth and age', async () => {
  const metrics = createMetrics({ hasProcessMetrics: false });
  const runs = { readQueue: () => Promise.resolve({ queued: 3, running: 2, oldestMs: 4_500 }) } as RunWorkRepository;
  const own = createWorkerMetrics({ metrics, runs, activeRuns: () => 2 });
  own.runEnded('completed', 1.5);
  own.toolCalled({ name: 'add_tasks', outcome: 'done', seconds: 0.01 });
  own.removed('tasks', 7);
  own.careFailed('guests');
  const server = await serveMetrics(metrics, 0);
  close = server.close;
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  const text = await answer.text();
  for (const line of [
    'muster_runs_total{outcome="completed"} 1',
    'muster_run_duration_seconds_bucket{le="2.5",outcome="completed"} 1',
    'muster_tool_calls_total{tool="add_tasks",outcome="done"} 1',
    'muster_log_care_removed_total{what="tasks"} 7',
    'muster_log_care_failures_total{what="guests"} 1',
    'muster_runs_active 2',
    'muster_run_queue_depth{status="queued"} 3',
    'muster_run_queue_oldest_seconds 4.5',
  ]) {
    expect(text).toContain(line);
  }
  expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${server.port}/etc/passwd`)).status).toBe(404);
});
