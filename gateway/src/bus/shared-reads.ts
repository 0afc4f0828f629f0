import type { FeedRepository, ScopeAnswer, ScopeRead } from '@muster/db/repositories/feed-types';
import type { ScopeId } from '@muster/protocol/id';
import type { BusMetrics } from './bus-metrics.ts';
import type { FairPool } from './fair-pool.ts';
import { estimateBytes } from './packets.ts';

/** Answers of one read are all written in one turn: what is handed out beyond this waits for another read. */
const HANDED_OUT_BYTES = 4_194_304;

export interface FeedWant {
  scope: ScopeId;
  after?: { seq: number; logEpoch: string };
}

/** One reader's scopes, which are asked for together. */
interface Round {
  userId: string;
  /** Scopes that nobody has asked Postgres for yet, each with where to read from, as of now. */
  waiting: Map<ScopeId, () => FeedWant>;
  found: Map<ScopeId, ScopeRead>;
  /** Scopes without an answer, asked for or not. */
  left: number;
  isOver: boolean;
  /** Takes it out of the line, while it stands there. */
  leave?: (() => void) | undefined;
  resolve(found: Map<ScopeId, ScopeRead>): void;
  reject(fault: unknown): void;
}

interface Rider {
  round: Round;
  wantOf: () => FeedWant;
}

/**
 * The gate's reads. What waits for a place in the pool is read together with the first that gets one, where scope and
 * position are the same: in a storm a list is read once, and not for each of its people. Rights are read for each in the
 * same statement. Nobody rides on a read that began before they asked: it may be from before they were let in.
 */
export class SharedReads {
  readonly #feed: Pick<FeedRepository, 'readScopes'>;
  readonly #pool: FairPool;
  readonly #metrics: Pick<BusMetrics, 'readsShared'>;
  readonly #waiting = new Map<ScopeId, Set<Round>>();

  constructor(ports: {
    feed: Pick<FeedRepository, 'readScopes'>;
    pool: FairPool;
    metrics: Pick<BusMetrics, 'readsShared'>;
  }) {
    this.#feed = ports.feed;
    this.#pool = ports.pool;
    this.#metrics = ports.metrics;
  }

  /**
   * @param wants called in the turn in which the read starts
   * @returns what is visible to the reader @throws whatever the feed throws
   */
  read(userId: string, wants: Map<ScopeId, () => FeedWant>): Promise<Map<ScopeId, ScopeRead>> {
    if (wants.size === 0) return Promise.resolve(new Map());
    return new Promise((resolve, reject) => {
      const waiting = new Map<ScopeId, () => FeedWant>();
      const found = new Map<ScopeId, ScopeRead>();
      const round: Round = { userId, waiting, found, left: wants.size, isOver: false, resolve, reject };
      for (const [scope, wantOf] of wants) this.#enter(scope, round, wantOf);
      this.#standInLine(round);
    });
  }

  #standInLine(round: Round): void {
    // Its turn may come within the call.
    let hasBegun = false;
    const leave = this.#pool.queue(round.userId, () => {
      hasBegun = true;
      round.leave = undefined;
      return this.#fly(round);
    });
    if (!hasBegun) round.leave = leave;
  }

  async #fly(round: Round): Promise<void> {
    const flights = [...round.waiting].map(([scope, wantOf]) => {
      const want = wantOf();
      const riders = this.#ridersOf(scope, want, round).map((rider) => this.#depart(scope, rider));
      const readers = [...new Set(riders.map((rider) => rider.round.userId))];
      return { ask: { ...want, readers }, riders };
    });
    if (flights.length === 0) return;
    try {
      const answers = await this.#feed.readScopes(flights.map(({ ask }) => ask));
      const left = flights.flatMap(({ ask, riders }, index) => this.#land(ask.scope, riders, answers[index]));
      for (const rider of new Set(left)) if (rider.leave === undefined) this.#standInLine(rider);
    } catch (fault) {
      for (const { riders } of flights) for (const rider of riders) this.#fail(rider.round, fault);
    }
  }

  /** The first, and whoever waits for the very same. */
  #ridersOf(scope: ScopeId, { after }: FeedWant, first: Round): Round[] {
    const riders = [first];
    for (const other of this.#waiting.get(scope) ?? []) {
      if (other === first) continue;
      const wanted = other.waiting.get(scope)!().after;
      if (wanted?.seq === after?.seq && wanted?.logEpoch === after?.logEpoch) riders.push(other);
    }
    return riders;
  }

  /** @returns those who have to wait for another read */
  #land(scope: ScopeId, riders: Rider[], answer: ScopeAnswer | undefined): Round[] {
    const bytes = answer === undefined || riders.length === 1 ? 0 : estimateBytes(contentOf(answer.read));
    const left: Round[] = [];
    riders.forEach(({ round, wantOf }, index) => {
      if (round.isOver) return;
      if (index > 0 && index * bytes > HANDED_OUT_BYTES) {
        this.#enter(scope, round, wantOf);
        left.push(round);
        return;
      }
      if (index > 0) this.#metrics.readsShared.inc();
      if (answer?.roles.has(round.userId) === true) round.found.set(scope, answer.read);
      round.left -= 1;
      if (round.left > 0) return;
      round.isOver = true;
      round.resolve(round.found);
    });
    return left;
  }

  #fail(round: Round, fault: unknown): void {
    if (round.isOver) return;
    round.isOver = true;
    for (const scope of [...round.waiting.keys()]) this.#depart(scope, round);
    round.reject(fault);
  }

  #enter(scope: ScopeId, round: Round, wantOf: () => FeedWant): void {
    round.waiting.set(scope, wantOf);
    const rounds = this.#waiting.get(scope);
    if (rounds === undefined) this.#waiting.set(scope, new Set([round]));
    else rounds.add(round);
  }

  #depart(scope: ScopeId, round: Round): Rider {
    const wantOf = round.waiting.get(scope)!;
    round.waiting.delete(scope);
    const rounds = this.#waiting.get(scope);
    rounds?.delete(round);
    if (rounds?.size === 0) this.#waiting.delete(scope);
    if (round.waiting.size === 0 && round.leave !== undefined) {
      round.leave();
      round.leave = undefined;
    }
    return { round, wantOf };
  }
}

const contentOf = (read: ScopeRead) => (read.kind === 'snapshot' ? read.entities : read.changes);
