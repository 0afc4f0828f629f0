import type { FeedRepository, ScopeHead } from '@muster/db/repositories/feed-types';
import type { Change, Packet } from '@muster/protocol/change';
import type { Logger } from '@muster/runtime/logger';
import type { BusMetrics } from './bus-metrics.ts';
import type { Entry } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { Fence } from './fence.ts';
import { splitBySize } from './packets.ts';
import { peopleOfChanges, type ProfileCache } from './profile-cache.ts';
import { scopeRoom, type LocalRooms } from './rooms.ts';

/** Writers reorder by a few milliseconds; what is still missing after this was lost. */
const GAP_WAIT_MS = 30;
const REPAIR_RETRY_MS = 250;
/** A longer gap costs all readers more than the snapshots that they pull: the entry starts anew at the head. */
const REPAIR_MOST = 2_000;
/**
 * Changes that follow each other within this travel as one packet; the first goes at once. A packet costs some 7 µs a
 * reader: to a thousand of them ten in 20 ms would be more than a core has.
 */
const COALESCE_MS = { least: 4, most: 25, aReader: 0.025 };
/** Beyond these, packets are dropped: the repair reads them from Postgres. */
const HELD_PACKETS = 500;
const QUEUED_JOBS = 2_000;

export interface ScopeFeedPorts {
  feed: Pick<FeedRepository, 'readChanges' | 'findHead'>;
  table: EntryTable;
  fence: Fence;
  profiles: ProfileCache;
  rooms: LocalRooms;
  metrics: BusMetrics;
  logger: Logger;
  /** Something does not fit this log: compare with Postgres now. */
  onSuspect(entry: Entry): void;
  /** Changes were taken in, in order; called before they are emitted. */
  onChanges(entry: Entry, changes: Change[]): void;
  /** The entry jumped: heads tell its readers that they have to pull. */
  onReset(entry: Entry): void;
}

/** From Redis to the rooms: order, gaps, rights. Everything here runs in the entry's queue. */
export class ScopeFeed {
  readonly #ports: ScopeFeedPorts;

  constructor(ports: ScopeFeedPorts) {
    this.#ports = ports;
  }

  /** A packet from Redis, or from this process's own commit. Never throws. */
  receive(packet: Packet): void {
    const entry = this.#ports.table.find(packet.scope);
    if (entry === undefined) return;
    if (entry.queue.length >= QUEUED_JOBS) return void this.#count('overflow');
    entry.queue.run(() => this.#take(entry, packet));
  }

  /** The entry has its head now: takes what came before. */
  begin(entry: Entry): void {
    entry.queue.run(() => this.#takeHeld(entry));
  }

  /** Postgres has more than the entry: unless it arrives in a moment, it is read. */
  expect(entry: Entry, seq: number): void {
    if (seq > entry.knownSeq) entry.knownSeq = seq;
    if (seq > entry.seq) this.#waitForGap(entry, GAP_WAIT_MS);
  }

  #take(entry: Entry, packet: Packet): void | Promise<void> {
    if (entry.isDropped) return;
    if (!entry.isReady) return this.#hold(entry, packet);
    if (packet.logEpoch !== entry.logEpoch) {
      this.#count('other_log');
      return this.#ports.onSuspect(entry);
    }
    if (packet.to <= entry.seq) return this.#count('old');
    if (packet.from > entry.seq + 1) {
      this.#hold(entry, packet);
      return this.#waitForGap(entry, GAP_WAIT_MS);
    }
    this.#count('taken');
    const taken = this.#apply(entry, packet.changes, () => packet.aclEpoch, packet.aclEpoch);
    if (taken === undefined) return this.#takeHeld(entry);
    return taken.then(() => this.#takeHeld(entry));
  }

  #hold(entry: Entry, packet: Packet): void {
    this.#count('held');
    if (entry.held.length >= HELD_PACKETS) entry.held.shift();
    entry.held.push(packet);
  }

  /** What was held fits now, or is old, or waits on. */
  #takeHeld(entry: Entry): void | Promise<void> {
    if (!entry.isReady) return;
    entry.held = entry.held.filter(({ to }) => to > entry.seq).sort((a, b) => a.from - b.from);
    const next = entry.held[0];
    if (next === undefined) return;
    if (next.from > entry.seq + 1) return this.#waitForGap(entry, GAP_WAIT_MS);
    entry.held.shift();
    return this.#take(entry, next);
  }

  #waitForGap(entry: Entry, ms: number): void {
    if (entry.isDropped || entry.gapTimer !== undefined) return;
    entry.gapTimer = setTimeout(() => {
      entry.gapTimer = undefined;
      entry.queue.run(() => this.#repair(entry));
    }, ms);
  }

  /** Once for the whole gateway, instead of a pull by each of its clients. */
  async #repair(entry: Entry): Promise<void> {
    if (!entry.isReady || (entry.held.length === 0 && entry.knownSeq <= entry.seq)) return;
    const { feed, logger, metrics } = this.#ports;
    const from = entry.seq;
    // Nothing that came after it has shown the gap: without the comparison with Postgres nobody would know.
    const isMiss = entry.held.length === 0;
    let read;
    try {
      const to = Math.max(entry.knownSeq, entry.held.at(-1)?.to ?? 0);
      if (to - from > REPAIR_MOST) return await this.#skip(entry, await feed.findHead(entry.scope));
      read = await feed.readChanges(entry.scope, from);
    } catch (err) {
      logger.warn({ err, scope: entry.scope }, 'a gap cannot be read yet');
      return this.#waitForGap(entry, REPAIR_RETRY_MS);
    }
    if (entry.isDropped) return;
    if (read === undefined || this.#isOfAnotherLog(entry, read.head)) return this.#suspect(entry);
    const { head, changes, epochs, floorSeq } = read;
    if (from < floorSeq) {
      // What stands below the floor was compacted, or its content erased: it says no longer what happened.
      await this.#reset(entry, head, 'floor');
    } else if (changes.length === 0) {
      // What was announced beyond the head is not stored: it can only come from another log.
      if (entry.held.length > 0) this.#ports.onSuspect(entry);
      entry.held = [];
      entry.knownSeq = entry.seq;
      return;
    } else if (changes[0]!.seq === from + 1) {
      metrics.gaps.inc();
      if (isMiss) metrics.positioningMisses.inc({ kind: 'change' }, changes.length);
      await this.#apply(entry, changes, (seq) => epochs[seq - from - 1]!, head.aclEpoch);
    } else {
      await this.#reset(entry, head, 'hole');
    }
    if (entry.isDropped) return;
    if (entry.seq < head.seq) this.#waitForGap(entry, 0);
    await this.#takeHeld(entry);
  }

  #isOfAnotherLog(entry: Entry, head: ScopeHead): boolean {
    return head.logEpoch !== entry.logEpoch || head.seq < entry.seq;
  }

  #suspect(entry: Entry): void {
    entry.held = [];
    this.#ports.onSuspect(entry);
  }

  async #skip(entry: Entry, head: ScopeHead | undefined): Promise<void> {
    if (entry.isDropped) return;
    if (head === undefined || this.#isOfAnotherLog(entry, head)) return this.#suspect(entry);
    await this.#reset(entry, head, 'far');
    await this.#takeHeld(entry);
  }

  /** What lies between is not told change by change: heads show the gap, and readers pull. */
  async #reset(entry: Entry, { seq, aclEpoch }: ScopeHead, why: string): Promise<void> {
    this.#ports.metrics.resets.inc({ why });
    if (aclEpoch > entry.epoch && !(await this.#ports.fence.raise(entry.group!, aclEpoch))) return;
    if (entry.isDropped) return;
    entry.ring.clear();
    entry.epochs.clear();
    entry.outbox = [];
    entry.seq = seq;
    entry.knownSeq = Math.max(entry.knownSeq, seq);
    this.#ports.onReset(entry);
  }

  /**
   * Contiguous changes of which some may be known; the rest is taken in and emitted, behind the fence.
   * @param epochOf the acl's at a change's commit
   * @param epoch the highest that is known of
   */
  #apply(entry: Entry, changes: Change[], epochOf: (seq: number) => number, epoch: number): void | Promise<void> {
    const fresh = changes[0]!.seq === entry.seq + 1 ? changes : changes.filter(({ seq }) => seq > entry.seq);
    const strangers = [...peopleOfChanges(fresh)].filter((id) => !entry.introduced.has(id));
    const isKnown = strangers.every((id) => this.#ports.profiles.has(id));
    if (epoch <= entry.epoch && isKnown) return this.#takeIn(entry, fresh, epochOf);
    return this.#prepare(entry, epoch, isKnown ? [] : strangers).then((isOpen) => {
      if (isOpen) this.#takeIn(entry, fresh, epochOf);
    });
  }

  async #prepare(entry: Entry, epoch: number, strangers: string[]): Promise<boolean> {
    if (strangers.length > 0) await this.#ports.profiles.tryLoad(strangers);
    // The fence comes last: from its return to the emission there is no await.
    if (epoch > entry.epoch && !(await this.#ports.fence.raise(entry.group!, epoch))) return false;
    return !entry.isDropped;
  }

  #takeIn(entry: Entry, changes: Change[], epochOf: (seq: number) => number): void {
    const last = changes.at(-1)!;
    entry.ring.push(changes);
    for (const { seq } of changes) entry.epochs.add(seq, epochOf(seq));
    entry.epochs.forgetBelow(Math.min(entry.ring.firstSeq!, (entry.outbox[0] ?? changes[0]!).seq));
    entry.seq = last.seq;
    if (last.seq > entry.knownSeq) entry.knownSeq = last.seq;
    this.#ports.metrics.changes.inc(changes.length);
    this.#ports.onChanges(entry, changes);
    if (entry.watchers.size === 0) return;
    entry.outbox.push(...changes);
    const wait = entry.lastEmitAt + coalesceMs(entry.watchers.size) - performance.now();
    if (wait <= 0) return this.#flush(entry);
    entry.outboxTimer ??= setTimeout(() => this.#flush(entry), wait);
  }

  #flush(entry: Entry): void {
    clearTimeout(entry.outboxTimer);
    entry.outboxTimer = undefined;
    const changes = entry.outbox;
    if (changes.length === 0 || entry.isDropped) return;
    entry.outbox = [];
    entry.lastEmitAt = performance.now();
    for (const run of splitBySize(changes)) {
      this.#ports.metrics.emits.inc();
      this.#ports.rooms.emit(scopeRoom(entry.scope), 'scope:changes', this.#introduce(entry, packetOf(entry, run)));
    }
    this.#ports.metrics.deliveryLag.observe(Math.max(0, Date.now() - changes.at(-1)!.at) / 1000);
  }

  /** The first packet of each author carries their profile; who opens later gets it with the answer. */
  #introduce(entry: Entry, packet: Packet): Packet {
    const strangers = [...peopleOfChanges(packet.changes)].filter((id) => !entry.introduced.has(id));
    if (strangers.length === 0) return packet;
    const profiles = this.#ports.profiles.peek(strangers);
    for (const id in profiles) entry.introduced.add(id);
    return { ...packet, profiles };
  }

  #count(outcome: string): void {
    this.#ports.metrics.packets.inc({ outcome });
  }
}

function coalesceMs(readers: number): number {
  return Math.min(COALESCE_MS.most, Math.max(COALESCE_MS.least, readers * COALESCE_MS.aReader));
}

/**
 * Changes of an entry as a packet.
 * @param aclEpoch that of the last; known of those that stand in the ring or the outbox
 */
export function packetOf(
  entry: Entry,
  changes: Change[],
  aclEpoch: number = entry.epochs.at(changes.at(-1)!.seq),
): Packet {
  return {
    scope: entry.scope,
    from: changes[0]!.seq,
    to: changes.at(-1)!.seq,
    changes,
    aclEpoch,
    logEpoch: entry.logEpoch,
  };
}
