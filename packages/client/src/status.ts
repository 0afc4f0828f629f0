import { VOID, type Intent } from './intent.ts';
import { isSame } from './ref.ts';
import type { ClientStatus } from './types.ts';

/** The one object that the page shows. Told when it changes, at most once a turn. */
export class Status {
  #now: ClientStatus = { connection: 'connecting', pending: 0, since: null, isBehind: false, error: null };
  #isTelling = false;
  readonly #tell: (status: ClientStatus) => void;

  constructor(tell: (status: ClientStatus) => void) {
    this.#tell = tell;
  }

  get now(): ClientStatus {
    return this.#now;
  }

  /** Counts what waits; what was given up only keeps its mid. */
  pending(intents: readonly Intent[]): void {
    this.set({ pending: intents.filter(({ name }) => name !== VOID).length });
  }

  set(change: Partial<ClientStatus>): void {
    const next = { ...this.#now, ...change };
    if (isSame(next, this.#now)) return;
    this.#now = next;
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#tell(this.#now);
    });
  }
}
