import type { WireError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';
import { v4 } from 'uuid';
import type { StorageWriter } from './storage-writer.ts';
import type { Clock, FormerMutation } from './types.ts';

export interface FormerOptions {
  writer: StorageWriter;
  clock: Clock;
  request(event: string, data: unknown): Promise<unknown>;
  /** Connects again, under {@link Former.connectsAs}. */
  reconnect(reason: string): void;
  /** It was done again, and refused: the person is told, with its words. */
  refused(mutation: FormerMutation, error: WireError): void;
}

/**
 * What was acknowledged under clientIds that this store had before. A log that went back may have lost it, and tells only
 * under the old id, by mid and nonce: so that id is taken once more to ask, with no words, before anything else is sent.
 * What is lost is done again, in its order, under an id made for that.
 */
export class Former {
  readonly #options: FormerOptions;
  /** Under which clientId to connect, where it is not the store's own. */
  connectsAs: string | undefined;
  /** Of these the server says that they are somebody else's. */
  readonly #refused = new Set<string>();
  #hasAny = false;
  #isOwed = false;

  constructor(options: FormerOptions) {
    this.#options = options;
  }

  /** Another store is read. */
  hydrate(hasAny: boolean): void {
    this.#hasAny = hasAny;
    this.#isOwed = false;
    this.connectsAs = undefined;
  }

  /** A clientId was given up: what was done under it is to be looked for, whichever log the server has. */
  owe(): void {
    this.#hasAny = this.#isOwed = true;
  }

  /** Whether the server is to be asked. */
  isDue(isOtherLog: boolean): boolean {
    return this.#isOwed || (isOtherLog && this.#hasAny);
  }

  /** The server does not take the id that was used to ask. @returns whether one was */
  refuse(): boolean {
    if (this.connectsAs === undefined) return false;
    this.#refused.add(this.connectsAs);
    this.connectsAs = undefined;
    return true;
  }

  /**
   * The server says which log it has.
   * @returns false where another connection is being made: to ask, or, with all that was asked, under the store's own id
   */
  async settle(logEpoch: string): Promise<boolean> {
    const { writer, clock, reconnect } = this.#options;
    for (;;) {
      const all = await writer.run((storage) => storage.former(logEpoch, clock.now()));
      const first = all.find(({ clientId }) => !this.#refused.has(clientId));
      const was = this.connectsAs;
      this.connectsAs = first?.clientId;
      if (was !== this.connectsAs) {
        reconnect('asking for what was done under an earlier id');
        return false;
      }
      if (!first) {
        this.#isOwed = false;
        return true;
      }
      const asked = all.filter(({ clientId }) => clientId === first.clientId).sort((a, b) => a.mid - b.mid);
      await this.#ask(asked.slice(0, LIMITS.inFlightMutations), logEpoch);
    }
  }

  async #ask(rows: FormerMutation[], logEpoch: string): Promise<void> {
    const { writer, clock, refused } = this.#options;
    // Rare: no part of the page's first code.
    const { askFor } = await import('./former-asking.ts');
    const said = await askFor(rows, this.#options);
    const held: FormerMutation[] = [];
    const lost: FormerMutation[] = [];
    for (const [at, row] of rows.entries()) {
      const answer = said[at];
      if (answer?.is === 'held') held.push({ ...row, seqs: answer.seqs });
      else lost.push(row);
    }
    await writer.run((storage) => storage.settleFormer(held, lost, v4(), { logEpoch, at: clock.now() }));
    for (const [at, row] of rows.entries()) {
      const answer = said[at];
      if (answer?.is === 'held' && answer.error) refused(row, answer.error);
    }
  }
}
