import { Counter, Rate, Trend } from 'k6/metrics';

/** What all scenarios report. The program that runs k6 knows these by name (scripts/loadtest/figures.ts). */
export const METRICS = {
  /** From the first byte to `hello`. */
  connect: new Trend('muster_connect', true),
  /** From asking for lists to holding them. */
  open: new Trend('muster_open', true),
  /** From a new connection with positions to being up to date. */
  back: new Trend('muster_back', true),
  /** From sending a change to its acknowledgement. */
  ack: new Trend('muster_ack', true),
  /** From sending a change to seeing it elsewhere. */
  delivery: new Trend('muster_delivery', true),
  delivered: new Counter('muster_delivered'),
  lost: new Counter('muster_lost'),
  doubled: new Counter('muster_doubled'),
  outOfOrder: new Counter('muster_out_of_order'),
  gapsRepaired: new Counter('muster_gaps_repaired'),
  reconnects: new Counter('muster_reconnects'),
  /** Connections and changes that were turned down. */
  refused: new Counter('muster_refused'),
  /** Changes that nobody ever answered. */
  unanswered: new Counter('muster_unanswered'),
  /** From asking the agent to its first word. */
  firstToken: new Trend('muster_first_token', true),
  /** From the model's saying a word to a viewer's reading it; of each piece its oldest. */
  tokenLag: new Trend('muster_token_lag', true),
  pieces: new Counter('muster_pieces'),
  textExact: new Rate('muster_text_exact'),
  runsRead: new Counter('muster_runs_read'),
} as const;

const warned = new Set<string>();
/** Told once by each process of k6's: a fault that comes a thousand times is one fault. */
export function warn(line: string): void {
  if (warned.has(line)) return;
  warned.add(line);
  console.warn(line);
}

/** So that what never happened is a 0 and no gap in the report. */
export function beginCounting(): void {
  const { lost, doubled, outOfOrder, gapsRepaired, reconnects, refused, unanswered } = METRICS;
  for (const counter of [lost, doubled, outOfOrder, gapsRepaired, reconnects, refused, unanswered]) counter.add(0);
}
