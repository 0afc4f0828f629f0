import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('metrics are named, labelled and told in the Prometheus format', async () => {
  const metrics = createMetrics({ labels: { process: 'gateway' }, hasProcessMetrics: false });
  metrics.counter('commands_total', 'Commands by outcome', ['outcome']).inc({ outcome: 'applied' });
  metrics.gauge('sockets', 'Open sockets', [], (gauge) => gauge.set(7));
  metrics.histogram('commit_seconds', 'Time of a commit').observe(0.004);
  const text = await metrics.text();
  expect(text).toContain('muster_commands_total{outcome="applied",process="gateway"} 1');
  expect(text).toContain('muster_sockets{process="gateway"} 7');
  expect(text).toContain('muster_commit_seconds_bucket{le="0.005",process="gateway"} 1');
});

test('two registries in one process do not meet', async () => {
  const [one, two] = [createMetrics({ hasProcessMetrics: false }), createMetrics({ hasProcessMetrics: false })];
  one.counter('x_total', 'x').inc();
  two.counter('x_total', 'x');
  expect(await two.text()).toContain('muster_x_total 0');
});
