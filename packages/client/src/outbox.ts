import { firstAnswer, type FirstAnswer } from '@muster/protocol/client-events';
import { COMMAND_ARGS, type CommandArgs, type CommandName } from '@muster/protocol/commands';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import * as z from 'zod/mini';
import { v4 } from 'uuid';
import { editsOf } from './edits.ts';
import type { Emitter } from './emitter.ts';
import { createIntent, toMutation, VOID, type Intent } from './intent.ts';
import { Enqueuer } from './enqueuer.ts';
import { Foretold } from './foretold.ts';
import { Recent } from './recent.ts';
import { Refusals } from './refusals.ts';
import type { Replica } from './replica.ts';
import type { StorageCare } from './storage-care.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { TabNews } from './tab-news.ts';
import { Unanswered } from './unanswered.ts';
import type { Clock, MusterClient, MutateOptions, Outcome, PendingMutation, StoragePort, TabSeat } from './types.ts';

export interface OutboxOptions {
  replica: Replica;
  writer: StorageWriter;
  care: StorageCare;
  emitter: Emitter;
  clock: Clock;
  seat(): TabSeat | undefined;
  /** Whether all that is followed has content: only then is a `not_found` foreseen. */
  isComplete(): boolean;
  /** Under which log, and when, something is done now. */
  under(): { logEpoch: string; at: number };
  /** There may be something to send. */
  queued(): void;
  log(message: string, details?: unknown): void;
}

/** Far more than can leave while one list is read from disk. */
const MET = 10_000;

/** The queue's edges: what enters it here, from disk and from other tabs, and what leaves it by an answer. */
export class Outbox {
  readonly #options: OutboxOptions;
  /** All mids up to this one are known here: past it a mid of another tab may be missing. */
  #seen = 0;
  /** Nonces that were in this tab's queue: a list read from disk may name one that has left meanwhile. */
  readonly #met = new Recent(MET);

  readonly #enqueuer: Enqueuer;
  readonly #foretold: Foretold;
  readonly refusals: Refusals;
  readonly unanswered: Unanswered;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.refusals = new Refusals(options);
    this.#enqueuer = new Enqueuer({
      writer: options.writer,
      care: options.care,
      seen: () => this.#seen,
      isQueued: (intent) => this.#intents.includes(intent),
      queued: (intent, mutation) => {
        this.#give(intent, mutation.mid);
        options.seat()?.post({ news: 'queued', mutation } satisfies TabNews);
        options.queued();
      },
      refused: (intent, error) => this.refusals.refuse(intent, error),
    });
    this.unanswered = new Unanswered({
      ...options,
      find: (nonce) => this.find(nonce),
      wasMet: (nonce) => this.#met.has(nonce),
      refill: () => this.refill(),
    });
    this.#foretold = new Foretold({
      ...options,
      find: (nonce) => this.find(nonce),
      refill: async () => void (options.seat() && (await this.refill())),
      forgotten: (nonce) => void (this.#met.delete(nonce), options.queued()),
    });
  }

  get #intents(): readonly Intent[] {
    return this.#options.replica.view.intents;
  }

  isKnown(mid: number): boolean {
    return mid <= this.#seen;
  }

  find(nonce: string): Intent | undefined {
    return this.#intents.find((intent) => intent.nonce === nonce);
  }

  mutate<N extends CommandName>(
    name: N,
    given: CommandArgs<N>,
    { ifStill, isUnforeseen = false, base }: MutateOptions = {},
  ): ReturnType<MusterClient['mutate']> {
    if (!Object.hasOwn(COMMAND_ARGS, name)) throw new MusterError('invalid', `There is no command ${name}.`);
    const args: unknown = parseOrThrow(COMMAND_ARGS[name], given);
    const { replica, clock, emitter } = this.#options;
    const made = { mid: null, nonce: v4(), name, args, base: null, queuedAt: clock.now(), seqs: null };
    const intent = createIntent(ifStill ? { ...made, ifStill } : made);
    const outcome = new Promise<Outcome>((resolve) => (intent.resolve = resolve));
    this.#met.add(intent.nonce);
    replica.paint([isUnforeseen ? replica.view.adopt(intent) : this.#insert(intent)], 'local');
    emitter.emit('made', { nonce: intent.nonce, name, args, edits: editsOf(replica.view, intent) });
    const scope = intent.effects[0]?.scope;
    intent.base = base ?? (scope && replica.confirmed.position(scope)?.seq) ?? null;
    this.#options.seat()?.post({ news: 'made', mutation: toMutation(intent) } satisfies TabNews);
    this.#enqueuer.put(intent);
    this.#options.queued();
    return {
      get mid() {
        return intent.mid ?? 0;
      },
      nonce: intent.nonce,
      outcome,
    };
  }

  #insert(intent: Intent) {
    const { replica, isComplete } = this.#options;
    try {
      return replica.view.insert(intent);
    } catch (error) {
      // Of deleted tasks only those of late are held here; the server has them for weeks.
      const mayBeThere = !isComplete() || intent.name === 'task.restore';
      if (error instanceof MusterError && error.code === 'not_found' && mayBeThere) return replica.view.adopt(intent);
      throw error;
    }
  }

  /** Everything that waits on disk, at the start and after a change of store. */
  hydrate(pending: PendingMutation[], nextMid: number): void {
    this.#seen = nextMid - 1;
    this.#met.clear();
    // Asked again whether answered or not: after a restore of the server the answer may not hold any more.
    for (const mutation of pending) this.#adopt({ ...mutation, seqs: null });
    this.#options.queued();
  }

  /** A mutation of another tab. */
  learn(mutation: PendingMutation): void {
    this.#adopt(mutation);
    const isNext = mutation.mid <= this.#seen + 1;
    if (isNext) this.#seen = Math.max(this.#seen, mutation.mid);
    else this.#refillLater();
    this.#options.queued();
  }

  /** Reads the queue from disk again: another tab's news may not have come. */
  async refill(): Promise<void> {
    const pending = await this.#options.writer.run((storage) => storage.pending());
    for (const mutation of pending) this.#adopt(mutation);
    this.#seen = Math.max(this.#seen, ...pending.map(({ mid }) => mid));
    this.#options.queued();
  }

  /**
   * The log went back: what was acknowledged under another one is offered again, and nothing counts as answered.
   * @param from the server waits for this mid: it knows of nothing from there on
   */
  async offerAgain(from?: number): Promise<void> {
    const { replica, writer, under } = this.#options;
    const { logEpoch, at } = under();
    const pending = await writer.run((storage) => storage.offerAgain(logEpoch, at, from));
    const answers = new Map(pending.map(({ nonce, seqs }) => [nonce, seqs]));
    for (const intent of this.#intents) {
      // What the log before had answered stands, unless the disk says that it went back.
      if (from !== undefined && (answers.get(intent.nonce) ?? null) !== null) continue;
      if (intent.seqs !== null) intent.isOfferedAgain = true;
      intent.seqs = null;
      intent.arrived.clear();
    }
    for (const mutation of pending) {
      // What had left comes again; what is still here is known, and to be told of once it leaves.
      if (!this.find(mutation.nonce)) this.#met.delete(mutation.nonce);
      this.#adopt({ ...mutation, seqs: null });
    }
    this.#seen = Math.max(this.#seen, ...pending.map(({ mid }) => mid));
    replica.paint([replica.view.redecideAll()], 'local');
    this.#options.queued();
  }

  /** After the mids began again under a new clientId: finds each mutation's new one. */
  async remap(): Promise<void> {
    const { pending, nextMid } = await this.#options.writer.run(async (storage) => ({
      pending: await storage.pending(),
      nextMid: (await storage.identity()).nextMid,
    }));
    const byNonce = new Map(pending.map((mutation) => [mutation.nonce, mutation]));
    const { replica } = this.#options;
    const recalled = this.#enqueuer.recall();
    const answered = this.#intents.filter((intent) => intent.mid !== null && !byNonce.has(intent.nonce));
    // What is no longer on disk was answered under the old id: it needs no mid, only its scopes.
    for (const intent of answered) intent.seqs ??= Object.fromEntries(intent.arrived);
    for (const intent of this.#intents) {
      const mutation = byNonce.get(intent.nonce);
      if (!mutation) continue;
      intent.mid = mutation.mid;
      // Without an answer it was not taken: a change of its mid was a copy's of this client.
      intent.arrived.clear();
    }
    this.#seen = nextMid - 1;
    for (const mutation of pending) this.#adopt(mutation);
    for (const intent of recalled) this.#enqueuer.put(intent);
    replica.paint([replica.view.redecideAll()], 'local');
    replica.sweep();
    this.#options.queued();
  }

  /**
   * An answer to a mutation, from the server or through another tab.
   * @returns a promise that resolves once the answer is stored
   */
  async settle(intent: Intent, first: FirstAnswer, isNews = false): Promise<void> {
    const { replica, seat } = this.#options;
    const under = this.#options.under();
    const { logEpoch } = under;
    if (!isNews) seat()?.post({ news: 'answered', nonce: intent.nonce, first, logEpoch } satisfies TabNews);
    const waiting = { mid: intent.mid ?? 0, nonce: intent.nonce };
    if (!this.#intents.includes(intent)) return;
    if (first.status === 'applied') {
      const stored = isNews ? undefined : this.#keep((storage) => storage.settle(waiting, first.seqs));
      intent.resolve({ ...first, mid: waiting.mid });
      replica.applied(intent, first.seqs);
      return stored;
    }
    const wasGivenUp = intent.name === VOID;
    const stored = isNews ? undefined : this.#keep((storage) => storage.retire([{ ...waiting, seqs: null }], under));
    if (wasGivenUp) replica.reject(intent);
    else {
      const { status: _rejected, ...error } = first;
      this.refusals.refuse(intent, { retryable: false, ...error });
    }
    intent.resolve({ ...first, mid: waiting.mid });
    return stored;
  }

  hear(news: TabNews): void {
    if (news.news === 'queued') this.learn(news.mutation);
    else if (news.news === 'made') this.#adopt(news.mutation, false);
    else if (news.news === 'answered') {
      const intent = this.find(news.nonce);
      // What a log that is lost answered proves nothing of this one: it is offered again.
      const own = this.#options.under().logEpoch;
      const isOfLostLog = own !== '' && (news.logEpoch ?? own) !== own;
      if (!intent || isOfLostLog) return;
      if (z.safeParse(firstAnswer, news.first).success) void this.settle(intent, news.first, true);
    } else if (news.news === 'left') this.unanswered.left(news.nonces, news.logEpoch);
    else if (news.news === 'voided') this.refusals.hear(news.nonces);
  }

  /** The store passes to someone else: what waits stays in the one put aside. */
  abandon(): void {
    for (const intent of this.#intents)
      intent.resolve({ status: 'dropped', reason: 'signed_out', mid: intent.mid ?? 0 });
  }

  async #keep(job: (storage: StoragePort) => Promise<void>): Promise<void> {
    await this.#options.writer.run(job);
    this.#enqueuer.again();
  }

  #refillLater(): void {
    this.refill().catch((error: unknown) => this.#options.log('the queue could not be read again', { error }));
  }

  #give(intent: Intent, mid: number): void {
    intent.mid = mid;
    if (mid === this.#seen + 1) this.#seen = mid;
    else if (mid > this.#seen) this.#refillLater();
    const { view } = this.#options.replica;
    if (!view.isSorted) this.#options.replica.paint([view.redecideAll()], 'local');
  }

  #adopt(mutation: PendingMutation, isStored = true): void {
    const known = this.find(mutation.nonce);
    if (known) {
      if (isStored && known.mid === null) this.#give(known, mutation.mid);
      return;
    }
    if (this.#met.has(mutation.nonce)) return;
    this.#met.add(mutation.nonce);
    if (!isStored) return this.#foretold.show(mutation);
    const { replica } = this.#options;
    replica.paint([replica.view.adopt(createIntent(mutation))], 'local');
  }
}
