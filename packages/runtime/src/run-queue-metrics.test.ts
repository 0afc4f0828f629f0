import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { measureRunQueue } from './run-queue-metrics.ts';

test('a scrape asks once, and the next one asks again', async () => {
  const metrics = createMetrics({ hasProcessMetrics: false });
  let asked = 0;
  measureRunQueue(metrics, async () => ({ queued: ++asked, running: 2, oldestMs: 4_500 }));
  for (const queued of [1, 2]) {
    const text = await metrics.text();
    expect(text).toContain(`muster_run_queue_depth{status="queued"} ${queued}\n`);
    expect(text).toContain('muster_run_queue_depth{status="running"} 2\n');
    expect(text).toContain('muster_run_queue_oldest_seconds 4.5\n');
  }
  expect(asked).toBe(2);
});

test('a read that fails once does not fail for ever', async () => {
  const metrics = createMetrics({ hasProcessMetrics: false });
  let asked = 0;
  measureRunQueue(metrics, async () => {
    if (asked++ === 0) throw new Error('no database');
    return { queued: 1, running: 0, oldestMs: 0 };
  });
  await expect(metrics.text()).rejects.toThrow('no database');
  expect(await metrics.text()).toContain('muster_run_queue_depth{status="queued"} 1\n');
});
