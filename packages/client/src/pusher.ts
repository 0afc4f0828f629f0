import { mutateAnswer, type FirstAnswer } from '@muster/protocol/client-events';
import { wireError, type WireError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';
import * as z from 'zod/mini';
import { backoff } from './clock.ts';
import { toFrame, type Intent } from './intent.ts';
import type { Clock } from './types.ts';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
/** A server that fails on the same mutation so often will fail on it for ever: it must not block the rest. */
const INTERNAL_FAILURES = 5;

export interface PusherOptions {
  clock: Clock;
  intents(): readonly Intent[];
  /** Whether the connection is that of the clientId whose mids these are. */
  isPushable(): boolean;
  /** Whether every mid up to this one is known in this tab. */
  isKnown(mid: number): boolean;
  request(event: string, data: unknown): Promise<unknown>;
  /** Resolves once the answer is stored. */
  settle(intent: Intent, first: FirstAnswer): Promise<void>;
  giveUp(intent: Intent, error: WireError): void;
  /** The server knows of nothing from this mid on: all of it that is here, or was, is queued again. */
  offerAgain(from: number): Promise<void>;
  /** Takes a new clientId and queues what is unanswered again. */
  renew(): Promise<void>;
  reconnect(reason: string): void;
  log(message: string, details?: unknown): void;
}

/**
 * Sends the queue in the order of mids, a window at a time, each again until it is answered. Answers of an earlier round
 * may still come: what they settle counts, what they complain of is old.
 */
export class Pusher {
  readonly #options: PusherOptions;
  /** Sent in this round and not answered. */
  readonly #inFlight = new Set<Intent>();
  /** Answered, the answer not on disk yet: the window starts at the oldest of these. */
  readonly #unstored = new Set<Intent>();
  #round = 0;
  #outstanding = 0;
  #isOn = false;
  #stumbles = 0;
  #internalFailures = new Map<string, number>();
  #cancelPause: (() => void) | undefined;
  #mustRenew = false;

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  /** On while there is a connection and this tab is the one that pushes. */
  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#nextRound();
    this.#mustRenew = false;
    if (isOn) this.pump();
  }

  pump(): void {
    if (!this.#isOn || this.#cancelPause || this.#mustRenew || !this.#options.isPushable()) return;
    let oldest = Infinity;
    for (const { mid } of this.#unstored) oldest = Math.min(oldest, mid ?? Infinity);
    for (const intent of this.#options.intents()) {
      if (intent.mid === null || intent.seqs) continue;
      oldest = Math.min(oldest, intent.mid);
      if (intent.mid >= oldest + LIMITS.inFlightMutations || !this.#options.isKnown(intent.mid)) break;
      if (!this.#inFlight.has(intent) && !this.#unstored.has(intent)) void this.#send(intent);
    }
  }

  async #send(intent: Intent): Promise<void> {
    const round = this.#round;
    this.#inFlight.add(intent);
    this.#outstanding += 1;
    let answer: unknown;
    try {
      answer = await this.#options.request('mutate', toFrame(intent));
    } catch {
      // The connection went: all that is unanswered is sent again by the next one's round.
      this.#outstanding -= 1;
      this.#inFlight.delete(intent);
      return;
    }
    this.#outstanding -= 1;
    const isCurrent = round === this.#round;
    if (isCurrent) this.#inFlight.delete(intent);
    try {
      this.#take(intent, answer, isCurrent);
    } catch (error) {
      this.#options.log('an answer could not be taken', { error });
    }
    if (this.#mustRenew && this.#outstanding === 0) this.#renew();
    else this.pump();
  }

  #take(intent: Intent, answer: unknown, isCurrent: boolean): void {
    const { ok, data, error } = (answer ?? {}) as { ok?: boolean; data?: unknown; error?: unknown };
    if (ok === true) {
      const parsed = z.safeParse(mutateAnswer, data);
      if (parsed.success) {
        const result = parsed.data;
        if (result.status === 'out_of_order') {
          if (isCurrent) void this.#backTo(result.expected);
        } else this.#settle(intent, (result.status === 'duplicate' ? result.first : result) as FirstAnswer);
        return;
      }
    } else {
      const parsed = z.safeParse(wireError, error);
      if (parsed.success) return this.#refused(intent, parsed.data as WireError, isCurrent);
    }
    this.#options.log('a malformed answer', { mid: intent.mid });
    if (isCurrent) this.#pause(undefined);
  }

  #settle(intent: Intent, first: FirstAnswer): void {
    // Refused behind one whose place a copy took: it may need that one, and is queued again behind it.
    if (this.#mustRenew && first.status === 'rejected') return;
    this.#stumbles = 0;
    this.#internalFailures.delete(intent.nonce);
    if (this.#unstored.has(intent)) return;
    this.#unstored.add(intent);
    this.#options
      .settle(intent, first)
      .catch((error: unknown) => this.#options.log('an answer could not be stored', { error }))
      .finally(() => {
        this.#unstored.delete(intent);
        this.pump();
      });
  }

  #refused(intent: Intent, error: WireError, isCurrent: boolean): void {
    if (error.code === 'cloned') {
      this.#mustRenew = true;
      return;
    }
    if (!isCurrent) return;
    if (error.code === 'unauthenticated') return this.#options.reconnect('unauthenticated');
    const failures = (this.#internalFailures.get(intent.nonce) ?? 0) + (error.code === 'internal' ? 1 : 0);
    this.#internalFailures.set(intent.nonce, failures);
    if (error.retryable && failures < INTERNAL_FAILURES) return this.#pause(error.details?.retryAfterMs);
    this.#internalFailures.delete(intent.nonce);
    this.#options.giveUp(intent, error);
    // Those behind it were refused with it, out of order.
    this.#nextRound();
  }

  /**
   * The server waits for another mid: everything from there again. A server that was restored knows less than it had
   * answered, and may say this before it says so. Where what it waits for is not here any more: a new clientId.
   */
  async #backTo(expected: number): Promise<void> {
    this.#nextRound();
    this.#pause(undefined);
    await this.#options.offerAgain(expected).catch(() => undefined);
    if (this.#options.intents().some(({ mid }) => mid === expected)) return;
    this.#mustRenew = true;
    if (this.#outstanding === 0) this.#renew();
  }

  #pause(retryAfterMs: number | undefined): void {
    this.#nextRound();
    this.#cancelPause?.();
    const { clock } = this.#options;
    const wait = retryAfterMs ?? backoff(clock, this.#stumbles, RETRY_BASE_MS, RETRY_CAP_MS);
    this.#stumbles += 1;
    this.#cancelPause = clock.setTimeout(() => {
      this.#cancelPause = undefined;
      this.pump();
    }, wait);
  }

  /** Only with nothing in the air: what the server still applies under the old id must not be queued again. */
  #renew(): void {
    this.#options
      .renew()
      .then(
        () => this.#nextRound(),
        (error: unknown) => {
          this.#options.log('no new clientId', { error });
          // The server will complain of the same one: not as fast as the line carries it.
          this.#pause(undefined);
        },
      )
      .finally(() => {
        this.#mustRenew = false;
        this.pump();
      });
  }

  #nextRound(): void {
    this.#round += 1;
    this.#inFlight.clear();
    if (!this.#isOn) {
      this.#cancelPause?.();
      this.#cancelPause = undefined;
    }
  }
}
