/** What k6 hands to handleSummary. */
export interface K6Summary {
  metrics: Record<
    string,
    { type: string; values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }
  >;
}

export interface Verdict {
  /** In words: "lost: 0". */
  promise: string;
  isKept: boolean;
}

export interface Figure {
  name: string;
  value: string;
}

const NAMES: Record<string, string> = {
  muster_connect: 'connect',
  muster_open: 'open lists',
  muster_back: 'reconnect until up to date',
  muster_ack: 'acknowledgement',
  muster_delivery: 'delivery',
  muster_first_token: 'first token',
  muster_token_lag: 'token lag',
  muster_delivered: 'changes delivered',
  muster_lost: 'lost',
  muster_doubled: 'doubled',
  muster_out_of_order: 'out of order',
  muster_gaps_repaired: 'gaps repaired',
  muster_reconnects: 'connections lost',
  muster_refused: 'refused',
  muster_unanswered: 'unanswered',
  muster_pieces: 'pieces of text',
  muster_runs_read: 'answers read to their end',
  muster_text_exact: 'text exact',
};

export const nameOf = (metric: string): string => NAMES[metric] ?? metric;

/** What was measured, in the order of the table above; what this scenario has not is left out. */
export function figuresOf({ metrics }: K6Summary): Figure[] {
  return Object.keys(NAMES).flatMap((metric) => {
    const found = metrics[metric];
    const value = found === undefined ? undefined : show(found.type, found.values);
    return value === undefined ? [] : [{ name: nameOf(metric), value }];
  });
}

function show(type: string, values: Record<string, number>): string | undefined {
  if (type === 'trend') {
    if (!((values['count'] ?? 0) > 0)) return undefined;
    return `${(['med', 'p(95)', 'p(99)'] as const).map((name) => whole(values[name] ?? 0)).join(' / ')} ms`;
  }
  if (type === 'rate') {
    const [passes = 0, fails = 0] = [values['passes'], values['fails']];
    return passes + fails === 0 ? undefined : `${whole(passes)} of ${whole(passes + fails)}`;
  }
  return whole(values['count'] ?? values['value'] ?? 0);
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Every threshold, and whether it held. */
export function verdictsOf({ metrics }: K6Summary): Verdict[] {
  return Object.entries(metrics).flatMap(([metric, { thresholds = {}, values, type }]) =>
    Object.entries(thresholds).map(([rule, { ok }]) => {
      const [, aggregate = '', beside = ''] = /^([a-z]+(?:\(\d+\))?)(.*)$/.exec(rule) ?? [];
      const unit = type === 'trend' ? ' ms' : '';
      const was = `${Math.round((values[aggregate] ?? 0) * 100) / 100}${unit}`;
      // k6 takes what never happened for kept; a latency that nobody measured is none.
      const isMeasured = type !== 'trend' || (values['count'] ?? 0) > 0;
      const isSaid = type === 'rate' ? (values['passes'] ?? 0) + (values['fails'] ?? 0) > 0 : isMeasured;
      const name = aggregate === 'count' || aggregate === 'rate' ? '' : ` ${aggregate}`;
      return {
        promise: `${nameOf(metric)}${name} ${beside.replace('==', '= ')}${unit} (${isSaid ? was : 'never measured'})`,
        isKept: ok && isSaid,
      };
    }),
  );
}
