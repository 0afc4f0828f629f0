import type { Clock } from './types.ts';

/** A tab that pushes answers well within this; after it, another one does not wait for it any longer. */
const PATIENCE_MS = 3_000;

export interface TurnToPushOptions {
  clock: Clock;
  isOnline(): boolean;
  /** Whether something stored is not answered. */
  hasWaiting(): boolean;
  set(isOn: boolean): void;
}

/**
 * Whether this tab pushes the queue. One does, by lock; where it is frozen or offline, a tab that is online takes over
 * after a while. Two that push do no harm: mids and nonces make the second one's a duplicate.
 */
export class TurnToPush {
  readonly #options: TurnToPushOptions;
  #isLeader = false;
  #isImpatient = false;
  #cancel: (() => void) | undefined;

  constructor(options: TurnToPushOptions) {
    this.#options = options;
  }

  lead(): void {
    this.#isLeader = true;
    this.look();
  }

  look(): void {
    const { clock, isOnline, hasWaiting, set } = this.#options;
    const isOn = isOnline();
    const waits = isOn && !this.#isLeader && hasWaiting();
    if (!waits) {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#isImpatient = false;
    } else if (!this.#isImpatient && !this.#cancel) {
      this.#cancel = clock.setTimeout(() => {
        this.#cancel = undefined;
        this.#isImpatient = true;
        this.look();
      }, PATIENCE_MS);
    }
    set(isOn && (this.#isLeader || this.#isImpatient));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isLeader = false;
    this.#isImpatient = false;
    this.#options.set(false);
  }
}
