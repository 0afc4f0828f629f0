/**
 * What k6's dashboard streams while it runs: once a second all figures of that second. It names metrics as they appear,
 * and then sends their values in the order of their names.
 */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  /** By metric, by aggregate: `muster_delivery` → `p(95)`. */
  values: Record<string, Record<string, number>>;
}

type Type = 'counter' | 'gauge' | 'rate' | 'trend';

/** Reads the stream's events, in order. */
export class DashboardReader {
  readonly #types = new Map<string, Type>();
  #aggregates: Partial<Record<Type, string[]>> = {};

  /** @returns a second's figures, where the event brought some */
  read(event: string, data: string): Sample | undefined {
    if (event === 'param') {
      this.#aggregates = (JSON.parse(data) as { aggregates?: Partial<Record<Type, string[]>> }).aggregates ?? {};
    } else if (event === 'metric') {
      for (const [name, { type }] of Object.entries(JSON.parse(data) as Record<string, { type: Type }>)) {
        this.#types.set(name, type);
      }
    } else if (event === 'snapshot') return this.#sample(JSON.parse(data) as number[][]);
    return undefined;
  }

  #sample(rows: number[][]): Sample | undefined {
    const names = [...this.#types.keys()].sort();
    const values: Sample['values'] = {};
    for (const [index, name] of names.entries()) {
      const row = rows[index];
      const aggregates = this.#aggregates[this.#types.get(name)!];
      if (row === undefined || aggregates === undefined || row.length !== aggregates.length) continue;
      values[name] = Object.fromEntries(aggregates.map((aggregate, at) => [aggregate, row[at]!]));
    }
    // Were the order another, this would be no time: better no charts than wrong ones.
    const at = values['time']?.['value'] ?? 0;
    return at > 1e12 ? { at, values } : undefined;
  }
}

/**
 * Follows the stream until k6 says its last word or `signal` is aborted. Never throws: charts are not worth a run. It
 * hangs up by itself, since k6 does not end before everyone has.
 */
export async function followDashboard(
  url: string,
  signal: AbortSignal,
  onSample: (sample: Sample) => void,
): Promise<void> {
  const reader = new DashboardReader();
  const hangUp = new AbortController();
  const either = AbortSignal.any([signal, hangUp.signal]);
  while (!either.aborted) {
    try {
      const response = await fetch(`${url}/events`, { signal: either });
      let text = '';
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1] ?? '';
          if (field('event') === 'stop') hangUp.abort();
          const sample = reader.read(field('event'), field('data'));
          if (sample !== undefined) onSample(sample);
        }
      }
      return;
    } catch {
      // Not up yet, or gone with k6.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
