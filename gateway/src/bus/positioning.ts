import type { FeedRepository, ScopeHead } from '@muster/db/repositories/feed-types';
import type { ScopeId } from '@muster/protocol/id';
import type { Logger } from '@muster/runtime/logger';
import type { BusMetrics } from './bus-metrics.ts';
import type { Entry } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { Fence } from './fence.ts';
import type { ScopeFeed } from './scope-feed.ts';

/** With the query's time added this stays below HEADS_EVERY_MS and P3's bound. */
const EVERY_MS = { least: 1_800, most: 2_600 };
/** Nothing arrives by itself while Redis is away. */
const WITHOUT_REDIS_MS = 500;
/** A hanging query must not keep heads from the sockets: they would reconnect. */
const QUERY_WITHIN_MS = 1_000;

export interface PositioningPorts {
  feed: Pick<FeedRepository, 'readPositions'>;
  table: EntryTable;
  scopeFeed: ScopeFeed;
  fence: Fence;
  metrics: BusMetrics;
  logger: Logger;
  isRedisUp(): boolean;
  sessions(): string[];
  logEpoch(): string;
  /** Another log, or one that is shorter than what we saw of it. */
  onLogWentBack(logEpoch: string): void;
  onSessionsEnded(sessionIds: string[]): void;
  /** After every comparison, failed ones too. */
  onCompared(): void;
}

/**
 * Compares all heads, epochs, the log's epoch and the sessions with Postgres, every few seconds with jitter: it finds the
 * last message that was lost before a quiet time, and a sign-out whose message was.
 */
export class Positioning {
  readonly #ports: PositioningPorts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Before the start there is nothing to compare, nor a log to compare it with. */
  #isOn = false;

  constructor(ports: PositioningPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#isOn = true;
    this.#schedule();
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** A comparison that begins after this call; several calls share one. Never rejects. */
  now(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  #schedule(): void {
    if (!this.#isOn) return;
    clearTimeout(this.#timer);
    const { least, most } = EVERY_MS;
    const wait = this.#ports.isRedisUp() ? least + Math.random() * (most - least) : WITHOUT_REDIS_MS;
    this.#timer = setTimeout(() => void this.now(), wait);
  }

  #run(): Promise<void> {
    if (!this.#isOn) return Promise.resolve();
    const running = this.#compare()
      .then(() => this.#ports.metrics.positionings.inc({ outcome: 'ok' }))
      .catch((err: unknown) => {
        this.#ports.metrics.positionings.inc({ outcome: 'failed' });
        this.#ports.logger.warn({ err }, 'positions cannot be compared');
      })
      .then(() => {
        this.#running = undefined;
        this.#ports.onCompared();
        this.#schedule();
      });
    this.#running = running;
    return running;
  }

  async #compare(): Promise<void> {
    const { table, feed } = this.#ports;
    const asked = [...table.all()].filter((entry) => entry.isReady);
    // Seqs before the query: a packet that arrives while it runs may bring an entry past the heads that it returns.
    const before = asked.map((entry) => entry.seq);
    const sessions = this.#ports.sessions();
    const read = await within(
      feed.readPositions(
        asked.map(({ scope }) => scope),
        sessions,
      ),
      QUERY_WITHIN_MS,
    );
    if (!this.#isOn) return;
    if (read.logEpoch !== this.#ports.logEpoch()) return this.#ports.onLogWentBack(read.logEpoch);
    const isShorter = asked.some((entry, index) => (read.heads.get(entry.scope)?.seq ?? Infinity) < before[index]!);
    if (isShorter) return this.#ports.onLogWentBack(read.logEpoch);
    for (const entry of asked) this.#correct(entry, read.heads.get(entry.scope));
    const ended = sessions.filter((session) => !read.validSessions.has(session));
    if (ended.length === 0) return;
    this.#ports.metrics.positioningMisses.inc({ kind: 'session' }, ended.length);
    this.#ports.onSessionsEnded(ended);
  }

  #correct(entry: Entry, head: ScopeHead | undefined): void {
    const { table, fence, scopeFeed, metrics } = this.#ports;
    const { group } = entry;
    if (entry.isDropped || group === undefined) return;
    if (head === undefined || head.gone !== null) {
      metrics.positioningMisses.inc({ kind: 'gone' }, entry.watchers.size);
      return table.evictAll(entry, head?.gone ?? 'deleted', head?.goneTo ?? null);
    }
    if (head.aclEpoch > group.epoch) {
      metrics.positioningMisses.inc({ kind: 'rights' });
      fence.raise(group, head.aclEpoch).catch((err: unknown) => this.#ports.logger.error({ err }, 'a fence failed'));
    }
    if (head.seq > entry.seq) scopeFeed.expect(entry, head.seq);
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Postgres does not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where each scope stands, as far as this gateway knows: for `scope:heads`. */
export function headsOf(places: Iterable<[ScopeId, { entry: Entry }]>): Record<ScopeId, number> {
  const heads: Record<ScopeId, number> = {};
  for (const [scope, { entry }] of places) heads[scope] = Math.max(entry.knownSeq, entry.seq);
  return heads;
}
