import type { WireError } from '@muster/protocol/error';
import { toMutation, type Intent } from './intent.ts';
import type { StorageCare } from './storage-care.ts';
import { isFault } from './storage-faults.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { PendingMutation } from './types.ts';

export interface EnqueuerOptions {
  writer: StorageWriter;
  care: StorageCare;
  /** The greatest mid that is known here. */
  seen(): number;
  isQueued(intent: Intent): boolean;
  /** It has its mid now. */
  queued(intent: Intent, mutation: PendingMutation): void;
  /** The store that it was made for is no more. */
  refused(intent: Intent, error: WireError): void;
}

const WIPED: WireError = {
  code: 'unavailable',
  message: 'Somebody signed out on this device.',
  retryable: true,
};

/**
 * Puts mutations on disk, where they get their mids. One that the disk does not take gets its mid here and goes on in
 * memory: it is sent all the same, and put on disk once there is room. Where another tab gives the same mid to another
 * one, the server says `cloned`, and both are queued again.
 */
export class Enqueuer {
  readonly #options: EnqueuerOptions;
  readonly #held = new Set<Intent>();
  /** Mids were given here that the disk does not know of. */
  #isAhead = false;

  constructor(options: EnqueuerOptions) {
    this.#options = options;
  }

  put(intent: Intent): void {
    const { writer, care, seen, queued, refused } = this.#options;
    const { mid: _none, ...mutation } = toMutation(intent);
    care.firstEdit();
    writer
      .edit((storage) => storage.enqueue(mutation, this.#isAhead ? seen() + 1 : 1))
      .then(
        (stored) => {
          this.#isAhead = false;
          queued(intent, stored);
          this.again();
        },
        (error: unknown) => {
          if (isFault(error, 'wiped')) {
            refused(intent, WIPED);
            return intent.resolve({ status: 'rejected', code: WIPED.code, message: WIPED.message, mid: 0 });
          }
          this.#held.add(intent);
          this.#isAhead = true;
          care.failed(error);
          queued(intent, { ...mutation, mid: seen() + 1 });
        },
      );
  }

  /** Something went well, or left the disk: what is in memory alone may find room. */
  again(): void {
    const { writer, care, isQueued } = this.#options;
    for (const intent of this.#held) if (!isQueued(intent)) this.#held.delete(intent);
    const held = [...this.#held];
    if (held.length === 0) return this.#isAhead ? undefined : care.isWell();
    writer
      .run((storage) => storage.keep(held.map(toMutation)))
      .then(
        (kept) => {
          // Those whose mid another tab has given wait in memory for the server's `cloned`, and are queued again then.
          for (const intent of held) if (kept.has(intent.nonce)) this.#held.delete(intent);
          if (this.#held.size === 0) care.isWell();
        },
        (error: unknown) => care.failed(error),
      );
  }

  /** Mids began again under a new clientId: gives up those that were given here. */
  recall(): Intent[] {
    const { isQueued } = this.#options;
    const held = [...this.#held].filter((intent) => isQueued(intent) && !intent.seqs);
    this.#held.clear();
    this.#isAhead = false;
    for (const intent of held) {
      intent.mid = null;
      intent.arrived.clear();
    }
    return held;
  }
}
