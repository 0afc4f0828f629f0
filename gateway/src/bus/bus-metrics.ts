import type { Metrics } from '@muster/runtime/metrics';

/** What operators see of the bus. */
export type BusMetrics = ReturnType<typeof createBusMetrics>;

/** @param sizes read when the metrics are asked for */
export function createBusMetrics(
  metrics: Metrics,
  sizes: {
    sockets(): number;
    entries(): number;
    watchedRuns(): number;
    laggingSockets(): number;
    waitingReads(): number;
  },
) {
  metrics.gauge('sockets', 'Connected sockets', [], (gauge) => gauge.set(sizes.sockets()));
  metrics.gauge('scope_entries', 'Scopes that clients of this gateway watch', [], (gauge) =>
    gauge.set(sizes.entries()),
  );
  metrics.gauge('watched_runs', 'Runs that clients of this gateway watch', [], (gauge) =>
    gauge.set(sizes.watchedRuns()),
  );
  metrics.gauge('lagging_sockets', 'Sockets whose buffer is full', [], (gauge) => gauge.set(sizes.laggingSockets()));
  metrics.gauge('read_queue_depth', 'Reads for sockets that wait for a connection', [], (gauge) =>
    gauge.set(sizes.waitingReads()),
  );
  return {
    changes: metrics.counter('changes_total', 'Changes taken in, before fan-out'),
    packets: metrics.counter('packets_total', 'Packets from Redis by what became of them', ['outcome']),
    emits: metrics.counter('emits_total', 'Packets emitted to rooms'),
    deliveryLag: metrics.histogram('delivery_lag_seconds', 'From the change to its emission'),
    gaps: metrics.counter('gaps_repaired_total', 'Gaps filled from Postgres'),
    reads: metrics.counter('scope_reads_total', 'Answers from the gate', ['event', 'kind']),
    readWait: metrics.histogram('read_queue_wait_seconds', 'How long reads for sockets waited for a connection'),
    readsShared: metrics.counter('reads_shared_total', 'Scopes answered by a read that another reader asked for too'),
    ringAnswers: metrics.counter('ring_answers_total', 'Changes answered from memory instead of Postgres'),
    lagged: metrics.counter('sockets_lagged_total', 'Times that a socket was full and left its rooms until it drained'),
    cut: metrics.counter('sockets_cut_total', 'Sockets that were closed because far too much waited for them'),
    resets: metrics.counter('resets_total', 'Entries that had to start anew', ['why']),
    evictions: metrics.counter('evictions_total', 'Watchers who lost their right'),
    fenceFailures: metrics.counter('fence_failures_total', 'Reads of members that failed'),
    positionings: metrics.counter('positionings_total', 'Comparisons with Postgres', ['outcome']),
    positioningMisses: metrics.counter(
      'positioning_misses_total',
      'What no message had told, found by comparing with Postgres',
      ['kind'],
    ),
    publishFailures: metrics.counter('publish_failures_total', 'Packets that did not reach Redis'),
    runEntries: metrics.counter('run_entries_total', 'Entries of run streams delivered'),
    runGaps: metrics.counter('run_gaps_repaired_total', 'Gaps in run streams filled from the stream'),
  };
}
