import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { ScopeResult } from '@muster/protocol/client-events';
import type { ScopeId } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Profiles } from '@muster/protocol/principal';
import type { BusMetrics } from './bus-metrics.ts';
import type { Entry } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { splitBySize } from './packets.ts';
import {
  epochOf,
  isOfAnotherLog,
  moved,
  notFound,
  peopleOf,
  resultOf,
  sizeOf,
  unavailable,
  type OpenPage,
  type Passage,
  type Want,
} from './passage.ts';
import { peopleOfChanges, type ProfileCache } from './profile-cache.ts';
import type { Reader } from './reader.ts';
import { packetOf } from './scope-feed.ts';
import type { FairPool } from './fair-pool.ts';
import { SharedReads, type FeedWant } from './shared-reads.ts';

/** Scopes read in one transaction; between two of them the answer's size is looked at. */
const SCOPES_PER_READ = 25;
/** How often a scope is read again because the log moved meanwhile, before the reader is asked to come back. */
const READS = 8;

export interface OpenAnswer {
  results: ScopeResult[];
  profiles: Profiles;
}

export interface GatePorts {
  feed: Pick<FeedRepository, 'readScopes' | 'readPage'>;
  table: EntryTable;
  profiles: ProfileCache;
  /** Of all reads for sockets. */
  pool: FairPool;
  metrics: BusMetrics;
  /** Another log, or an epoch that we have not heard of: compare with Postgres now. Settles when that is done. */
  settle(): Promise<void>;
  /** In the turn of a join, after the answer. */
  onJoin(reader: Reader, scope: ScopeId): void;
}

/**
 * The open gate: subscribed first, then one repeatable-read transaction with role, epochs, seq and content, then one turn
 * without await that checks, answers, catches up from the ring and joins. With an await between these a removed reader
 * stayed for ever, packets were missed, or a stranger was sent some.
 */
export class Gate {
  readonly #ports: GatePorts;

  readonly #reads: SharedReads;

  constructor(ports: GatePorts) {
    this.#ports = ports;
    this.#reads = new SharedReads(ports);
  }

  /**
   * @param answer called once, in the very turn of the joins
   * @throws {MusterError} `unavailable`
   */
  async open(reader: Reader, wants: Want[], answer: (data: OpenAnswer) => void): Promise<void> {
    await this.#pass(reader, wants, (passages, data) => {
      answer(data);
      for (const { kind } of data.results) this.#ports.metrics.reads.inc({ event: 'open', kind });
      for (const passage of passages) this.#join(reader, passage);
    });
  }

  /** The same answer, without joining. */
  async pull(reader: Reader, want: Want, answer: (result: ScopeResult) => void): Promise<void> {
    await this.#pass(reader, [want], (_, { results: [result] }) => {
      answer(result!);
      this.#ports.metrics.reads.inc({ event: 'pull', kind: result!.kind });
    });
  }

  /** @throws {MusterError} `not_found`, `unavailable` */
  async page(
    reader: Reader,
    scope: ScopeId,
    next: string,
    answer: (page: { entities: OpenPage; next?: string }) => void,
  ): Promise<void> {
    const entry = (await this.#hold([scope])).get(scope);
    if (entry === undefined) throw notFound();
    try {
      for (let tries = 0; tries < READS; tries++) {
        const page = await this.#ports.pool.run(reader.userId, () =>
          this.#ports.feed.readPage(reader.userId, scope, next),
        );
        if (!reader.port.isConnected()) return;
        if (entry.isDropped) break;
        if (page === undefined) throw notFound();
        if (page.aclEpoch < entry.epoch) continue;
        return answer({ entities: page.entities, ...(page.next === undefined ? {} : { next: page.next }) });
      }
    } finally {
      this.#ports.table.release(entry);
    }
    throw moved();
  }

  /**
   * A slow reader has drained: back into its rooms, each from where it was left. A scope whose tail is too long gets no
   * tail: the next packet or the heads show the gap, and the client pulls.
   */
  async resume(reader: Reader): Promise<void> {
    while (!reader.isFull && reader.port.isConnected()) {
      const [left] = reader.suspended;
      if (left === undefined) return;
      const [scope, after] = left;
      await this.#pass(reader, [{ scope, after }], ([passage], { results: [result], profiles }) => {
        // It filled up once more, or closed the scope: another drain, or nothing, resumes it.
        if (reader.isFull || !reader.suspended.delete(scope) || passage === undefined || result === undefined) return;
        if (result.kind === 'error') return reader.lose({ scope, reason: 'removed' });
        if (result.kind === 'changes') {
          for (const run of splitBySize(result.changes)) {
            const packet = packetOf(passage.entry!, run, epochOf(passage, run.at(-1)!.seq));
            reader.port.send('scope:changes', { ...packet, profiles });
          }
        }
        this.#join(reader, passage);
      });
    }
  }

  async #pass(reader: Reader, wants: Want[], turn: (passages: Passage[], data: OpenAnswer) => void): Promise<void> {
    const seen = new Set<ScopeId>();
    const single = wants.filter(({ scope }) => !seen.has(scope) && seen.add(scope));
    const passages = single.map((want): Passage => ({
      want,
      entry: undefined,
      ticket: reader.opens.take(want.scope),
      prefix: [],
      state: 'unread',
    }));
    try {
      for (let tries = 0; tries < READS; tries++) {
        await this.#holdAll(passages);
        await this.#read(reader, passages);
        const people = peopleOf(passages);
        if (people.size > 0) await this.#ports.profiles.tryLoad(people);
        // ---- From here on there is no await: nothing interleaves with check, answer, tail and join. ----
        if (!reader.port.isConnected()) return;
        if (this.#check(passages)) {
          this.#ports.metrics.ringAnswers.inc(passages.reduce((sum, { prefix }) => sum + prefix.length, 0));
          return turn(passages, { results: passages.map(resultOf), profiles: this.#ports.profiles.peek(people) });
        }
        if (passages.some(isOfAnotherLog)) await this.#ports.settle();
      }
      if (!reader.port.isConnected()) return;
      // Scopes that move faster than they can be read: the rest is answered.
      for (const passage of passages) if (passage.state === 'unread') passage.state = 'failed';
      turn(passages, { results: passages.map(resultOf), profiles: this.#ports.profiles.peek(peopleOf(passages)) });
    } finally {
      for (const { want, entry, ticket } of passages) {
        reader.opens.giveBack(want.scope, ticket);
        if (entry !== undefined) this.#ports.table.release(entry);
      }
    }
  }

  /** Each passage that has to be read has a living entry. */
  async #holdAll(passages: Passage[]): Promise<void> {
    const lost = passages.filter(({ entry }) => entry === undefined || entry.isDropped);
    for (const passage of lost) {
      if (passage.entry !== undefined) this.#ports.table.release(passage.entry);
      passage.entry = undefined;
    }
    if (lost.length === 0) return;
    const held = await this.#hold(lost.map(({ want }) => want.scope));
    for (const passage of lost) passage.entry = held.get(passage.want.scope);
  }

  async #hold(scopes: ScopeId[]): Promise<Map<ScopeId, Entry>> {
    try {
      return await this.#ports.table.hold(scopes);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async #read(reader: Reader, passages: Passage[]): Promise<void> {
    let bytes = 0;
    const unread = passages.filter(({ state }) => state === 'unread');
    for (let at = 0; at < unread.length; at += SCOPES_PER_READ) {
      const part = unread.slice(at, at + SCOPES_PER_READ);
      if (bytes > LIMITS.openAnswerBytes) {
        for (const passage of part) passage.state = 'later';
        continue;
      }
      // Inside the turn of the read's start: ring and position belong together.
      const wants = part
        .filter(({ entry }) => entry !== undefined)
        .map((passage): [ScopeId, () => FeedWant] => [passage.want.scope, () => this.#wantBehindRing(passage)]);
      const found = await this.#reads.read(reader.userId, new Map(wants)).catch((cause: unknown) => {
        throw unavailable(cause);
      });
      for (const passage of part) {
        passage.read = found.get(passage.want.scope);
        passage.state = 'read';
        const size = sizeOf(passage);
        // The first is always answered, however big.
        if (bytes > 0 && bytes + size > LIMITS.openAnswerBytes) passage.state = 'later';
        else bytes += size;
      }
    }
  }

  #wantBehindRing(passage: Passage): FeedWant {
    const { want, entry } = passage;
    passage.prefix = [];
    if (want.after === undefined) return { scope: want.scope };
    const asked = { scope: want.scope, after: want.after };
    if (want.after.logEpoch !== entry!.logEpoch || want.after.seq >= entry!.seq) return asked;
    const held = entry!.ring.after(want.after.seq);
    if (held === undefined) return asked;
    passage.prefix = held;
    return { scope: want.scope, after: { seq: entry!.seq, logEpoch: entry!.logEpoch } };
  }

  /** Whether all may be answered now; those that may not are marked as unread. */
  #check(passages: Passage[]): boolean {
    let isComplete = true;
    for (const passage of passages) {
      const { entry, read } = passage;
      if (passage.state !== 'read' || (entry === undefined && read === undefined)) continue;
      const isSound =
        entry !== undefined &&
        !entry.isDropped &&
        (read === undefined ||
          (read.logEpoch === entry.logEpoch &&
            read.aclEpoch >= entry.epoch &&
            entry.ring.reaches(read.seq, entry.seq)));
      // What Postgres no longer tells from there on, the ring must not either. A reader who may see nothing has no read,
      // and is told nothing of what the ring held at their position.
      if (read !== undefined) entry?.ring.forgetUpTo(read.floorSeq);
      const isErased = read !== undefined && passage.prefix.length > 0 && passage.prefix[0]!.seq <= read.floorSeq;
      if (isSound && !isErased) continue;
      passage.state = 'unread';
      isComplete = false;
    }
    return isComplete;
  }

  #join(reader: Reader, passage: Passage): void {
    const { want, entry, read, ticket } = passage;
    if (passage.state !== 'read' || entry === undefined || entry.isDropped || read === undefined) return;
    if (ticket.isVoid) return;
    const tail = read.seq < entry.seq ? entry.ring.after(read.seq)! : [];
    for (const run of splitBySize(tail)) {
      const profiles = this.#ports.profiles.peek(peopleOfChanges(run));
      reader.port.send('scope:changes', { ...packetOf(entry, run), profiles });
    }
    // A socket that is full is in no room: it joins when it has drained.
    if (reader.isFull) reader.postpone(entry);
    else reader.join(entry);
    this.#ports.onJoin(reader, want.scope);
  }
}
