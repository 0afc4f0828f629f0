import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * A process's metrics, in a registry of its own (the library's global one would mix two gateways in one test).
 * Names are `muster_<what>_<unit>`, `_total` for counters, seconds and bytes as Prometheus wants them. Labels hold
 * only what has few values: outcomes, names of commands; never ids.
 */
export interface Metrics {
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  /** @param collect sets the value when it is asked for */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L>;
  /** @param buckets upper bounds, in the metric's unit */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
  /** What `/metrics` answers. */
  text(): Promise<string>;
  contentType: string;
}

/** From one millisecond to ten seconds: commits, deliveries, requests. */
export const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** From a tenth of a second to ten minutes: agent runs. */
export const RUN_BUCKETS_S = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600] as const;

/**
 * @param labels stand on every metric, say `{process: 'gateway'}`
 * @param hasProcessMetrics memory, CPU and event loop too; off in tests, where they would keep a timer
 */
export function createMetrics({
  labels = {},
  hasProcessMetrics = true,
}: { labels?: Record<string, string>; hasProcessMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  if (hasProcessMetrics) collectDefaultMetrics({ register: registry });
  const registers = [registry];

  return {
    counter: (name, help, labelNames = []) =>
      new Counter({ name: `muster_${name}`, help, labelNames: [...labelNames], registers }),
    gauge: (name, help, labelNames = [], collect) => {
      const base = { name: `muster_${name}`, help, labelNames: [...labelNames], registers };
      if (collect === undefined) return new Gauge(base);
      return new Gauge({
        ...base,
        collect() {
          return collect(this);
        },
      });
    },
    histogram: (name, help, labelNames = [], buckets = LATENCY_BUCKETS_S) =>
      new Histogram({ name: `muster_${name}`, help, labelNames: [...labelNames], buckets: [...buckets], registers }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
