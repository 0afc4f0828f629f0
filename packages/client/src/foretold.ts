import { createIntent, type Intent } from './intent.ts';
import type { Replica } from './replica.ts';
import type { Clock, PendingMutation } from './types.ts';

/** Above what a busy disk takes. A tab that told of an edit and has not stored it by then has ended. */
const STORED_WITHIN_MS = 10_000;

export interface ForetoldOptions {
  replica: Replica;
  clock: Clock;
  find(nonce: string): Intent | undefined;
  /** Reads the disk: the news that it was stored may not have come. */
  refill(): Promise<void>;
  forgotten(nonce: string): void;
}

/** Edits of other tabs that are shown before they are on disk: writing takes longer than showing. */
export class Foretold {
  readonly #options: ForetoldOptions;

  constructor(options: ForetoldOptions) {
    this.#options = options;
  }

  show(mutation: PendingMutation): void {
    const { replica, clock } = this.#options;
    replica.paint([replica.view.adopt(createIntent({ ...mutation, mid: null }))], 'local');
    clock.setTimeout(() => void this.#look(mutation.nonce), STORED_WITHIN_MS);
  }

  async #look(nonce: string): Promise<void> {
    const { replica, find, refill, forgotten } = this.#options;
    if (find(nonce)?.mid !== null) return;
    await refill().catch(() => undefined);
    const intent = find(nonce);
    if (intent?.mid !== null) return;
    replica.paint([replica.view.remove([intent])], 'local');
    forgotten(nonce);
  }
}
