import { VOID, type Intent } from './intent.ts';
import { isSame } from './ref.ts';
import type { ClientStatus } from './types.ts';

const isThere = ({ arrived, effects, creates }: Intent): boolean =>
  arrived.size > 0 && effects.length === 0 && creates.every((scope) => arrived.has(scope));

/** The one object that the page shows. Told when it changes, at most once a turn. */
export class Status {
  #now: ClientStatus = {
    ...{ connection: 'connecting', pending: 0, since: null, isBehind: false, error: null },
    ...{ storage: 'ok', estimate: null },
  };
  #isTelling = false;
  readonly #tell: (status: ClientStatus) => void;

  constructor(tell: (status: ClientStatus) => void) {
    this.#tell = tell;
  }

  get now(): ClientStatus {
    return this.#now;
  }

  /** Counts what waits. What was given up only keeps its mid; what is there already only waits for its answer. */
  pending(intents: readonly Intent[]): void {
    this.set({ pending: intents.filter((intent) => intent.name !== VOID && !isThere(intent)).length });
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
