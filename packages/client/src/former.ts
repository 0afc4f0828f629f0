import { mutateAnswer, type FirstAnswer } from '@muster/protocol/client-events';
import { wireError, type WireError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';
import { v4 } from 'uuid';
import * as z from 'zod/mini';
import { backoff } from './clock.ts';
import { toFrame, VOID } from './intent.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { Clock, FormerMutation } from './types.ts';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
/** A server that fails on the same one so often fails on it for ever. */
const INTERNAL_FAILURES = 5;

export interface FormerOptions {
  writer: StorageWriter;
  clock: Clock;
  request(event: string, data: unknown): Promise<unknown>;
  /** Connects again, under {@link Former.connectsAs}. */
  reconnect(reason: string): void;
  /** It was done again, and refused: the person is told, with its words. */
  refused(mutation: FormerMutation, error: WireError): void;
}

type Said = { is: 'held'; seqs: Record<string, number> | null; error?: WireError } | { is: 'lost' };

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
    const said = await this.#answers(rows);
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

  /** In their order, all of them again until each has its answer. */
  async #answers(rows: FormerMutation[]): Promise<Said[]> {
    const { request, clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const answers = await Promise.all(rows.map((row) => request('mutate', toFrame(row.isLost ? row : asking(row)))));
      const said = answers.map((answer, at) => understand(answer, rows[at]!, attempt >= INTERNAL_FAILURES));
      if (said.every((one) => one !== undefined)) return said;
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, backoff(clock, attempt, RETRY_BASE_MS, RETRY_CAP_MS));
      });
    }
  }
}

/** The same mid and nonce, and no words: what is lost must not be done under an id that others may use as well. */
const asking = ({ mid, nonce }: FormerMutation) => ({ mid, nonce, name: VOID, args: {}, base: null });

/** Undefined: to be asked again. */
function understand(answer: unknown, row: FormerMutation, isLastTry: boolean): Said | undefined {
  const { ok, data, error } = (answer ?? {}) as { ok?: boolean; data?: unknown; error?: unknown };
  if (ok === true) {
    const parsed = z.safeParse(mutateAnswer, data);
    if (!parsed.success) return undefined;
    if (parsed.data.status === 'out_of_order') return { is: 'lost' };
    const first = (parsed.data.status === 'duplicate' ? parsed.data.first : parsed.data) as FirstAnswer;
    if (first.status === 'applied') return { is: 'held', seqs: first.seqs };
    // What had been applied is refused only where the asking itself has taken its mid.
    if (!row.isLost) return { is: 'lost' };
    const { status: _rejected, ...refusal } = first;
    return { is: 'held', seqs: null, error: { retryable: false, ...refusal } };
  }
  const parsed = z.safeParse(wireError, error);
  if (!parsed.success) return undefined;
  const failure = parsed.data as WireError;
  if (failure.code === 'cloned') return { is: 'lost' };
  const mayHelp = failure.retryable && !(failure.code === 'internal' && isLastTry);
  return mayHelp ? undefined : { is: 'held', seqs: null, error: failure };
}
