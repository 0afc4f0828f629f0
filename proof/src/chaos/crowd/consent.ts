import type { MusterClient } from '@muster/client/types';
import type { ScopeId } from '@muster/protocol/id';

/** After an answer that got lost. */
const AGAIN_AFTER_MS = 3_000;

/** Says yes or no to what runs may not do unasked, as whoever looks at the conversation may: the first one counts. */
export class Consent {
  readonly #client: MusterClient;
  readonly #answeredAt = new Map<string, number>();

  constructor(client: MusterClient) {
    this.#client = client;
  }

  look(threads: ScopeId[], pick: <T>(from: readonly T[]) => T | undefined): void {
    for (const thread of threads) {
      const runs = this.#client.all(thread, 'run').filter(({ value }) => value.status === 'awaiting_approval');
      if (runs.length === 0) continue;
      const waiting = new Set(runs.map(({ id }) => id));
      for (const { id, value } of this.#client.all(thread, 'run_item')) {
        const { runId, callId, kind, state } = value;
        if (kind !== 'approval' || state !== 'open' || callId === null || !waiting.has(runId)) continue;
        if (performance.now() - (this.#answeredAt.get(id) ?? -Infinity) < AGAIN_AFTER_MS) continue;
        this.#answeredAt.set(id, performance.now());
        this.#client.decideRun(runId, callId, pick([true, true, false])!).catch(() => undefined);
      }
    }
  }
}
