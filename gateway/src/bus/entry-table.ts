import type { FeedRepository, ScopeHead } from '@muster/db/repositories/feed-types';
import type { ScopeId } from '@muster/protocol/id';
import type { Logger } from '@muster/runtime/logger';
import { Entry, type AclGroup, type Watcher } from './entry.ts';
import { HeadReads } from './head-reads.ts';
import { SerialQueue } from './serial-queue.ts';

/** Redis's side of an entry. Calls reach Redis in the order in which they are made. */
export interface Subscriptions {
  /** Settles once Redis confirms, or could not be asked in time: positioning then finds what was not heard. */
  subscribe(scopes: ScopeId[]): Promise<void>;
  /** Never awaited: the last watcher's leaving and the next one's joining must not interleave. */
  unsubscribe(scope: ScopeId): void;
}

interface Ports {
  feed: Pick<FeedRepository, 'readPositions'>;
  subscriptions: Subscriptions;
  logger: Logger;
  /** Heads that a new entry of a known acl brought with a higher epoch than the group's: a fence is due. */
  onHigherEpoch(group: AclGroup, epoch: number): void;
  /** A new entry has its head: what was held meanwhile may be applied. */
  onReady(entry: Entry): void;
}

/** All entries of a gateway: they are made for their first watcher and go with the last. */
export class EntryTable {
  readonly #ports: Ports;
  readonly #entries = new Map<ScopeId, Entry>();
  readonly #groups = new Map<ScopeId, AclGroup>();
  readonly #heads: HeadReads;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#heads = new HeadReads(ports.feed);
  }

  find(scope: ScopeId): Entry | undefined {
    return this.#entries.get(scope);
  }

  all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Entries that are subscribed and have their head, each held until {@link release}. What does not exist is missing.
   * @throws whatever the feed throws; nothing is held then
   */
  async hold(scopes: readonly ScopeId[]): Promise<Map<ScopeId, Entry>> {
    const held: Entry[] = [];
    const fresh: Entry[] = [];
    for (const scope of scopes) {
      let entry = this.#entries.get(scope);
      if (entry === undefined) {
        entry = new Entry(scope, (err) => this.#ports.logger.error({ err, scope }, 'a scope entry failed'));
        this.#entries.set(scope, entry);
        fresh.push(entry);
      }
      entry.holds += 1;
      held.push(entry);
    }
    if (fresh.length > 0) this.#start(fresh);
    const outcomes = await Promise.allSettled(held.map((entry) => entry.ready));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      for (const entry of held) this.release(entry);
      throw failed.reason;
    }
    const found = new Map<ScopeId, Entry>();
    for (const entry of held) {
      if (entry.isDropped) this.release(entry);
      else found.set(entry.scope, entry);
    }
    return found;
  }

  /** Lets go of a hold. Whoever has neither watchers nor holds goes, in this very turn. */
  release(entry: Entry): void {
    entry.holds -= 1;
    this.#dropIfIdle(entry);
  }

  addWatcher(entry: Entry, watcher: Watcher): void {
    entry.watchers.add(watcher);
  }

  removeWatcher(entry: Entry, watcher: Watcher): void {
    if (entry.watchers.delete(watcher)) this.#dropIfIdle(entry);
  }

  /** Takes the watcher's place away and tells it. */
  evict(entry: Entry, watcher: Watcher, reason: 'removed' | 'deleted' | 'moved', to: ScopeId | null): void {
    if (!entry.watchers.delete(watcher)) return;
    watcher.evict({ scope: entry.scope, reason, ...(to === null ? {} : { to }) });
    this.#dropIfIdle(entry);
  }

  /** Nobody may be in there any more. */
  evictAll(entry: Entry, reason: 'deleted' | 'moved', to: ScopeId | null): void {
    for (const watcher of [...entry.watchers]) this.evict(entry, watcher, reason, to);
  }

  /** The log went back: whatever is known is worth nothing. Watchers are forgotten, not told: `hello` tells them. */
  dropAll(): void {
    for (const entry of [...this.#entries.values()]) {
      entry.watchers.clear();
      this.#drop(entry);
    }
  }

  /** Each is ready by itself: with one moment for all of them, two starts that needed an acl of the other hung for ever. */
  #start(entries: Entry[]): void {
    const reading = this.#readHeads(entries.map(({ scope }) => scope));
    for (const entry of entries) entry.ready = this.#begin(entry, reading);
  }

  async #readHeads(scopes: ScopeId[]): Promise<Map<ScopeId, ScopeHead>> {
    // Subscribed first, head second: what is published in between waits in `held`.
    await this.#ports.subscriptions.subscribe(scopes);
    return this.#heads.read(scopes);
  }

  async #begin(entry: Entry, reading: Promise<Map<ScopeId, ScopeHead>>): Promise<void> {
    try {
      const head = (await reading).get(entry.scope);
      // An acl is its own, so it waits for nobody: whoever waits for one waits for a read, never for another who waits.
      if (head !== undefined && head.acl !== head.scope) await this.#holdAcl(entry, head);
      this.#settle(entry, head);
    } catch (fault) {
      this.#drop(entry);
      throw fault;
    }
  }

  /** A reader of a thread alone must hear of a removal from its list too: the list's entry lives as long as the thread's. */
  async #holdAcl(entry: Entry, { acl, gone }: ScopeHead): Promise<void> {
    if (entry.isDropped || gone !== null) return;
    const aclEntry = (await this.hold([acl])).get(acl);
    if (aclEntry === undefined) return;
    if (entry.isDropped) this.release(aclEntry);
    else entry.aclEntry = aclEntry;
  }

  #settle(entry: Entry, head: ScopeHead | undefined): void {
    if (entry.isDropped) return;
    if (head === undefined || head.gone !== null) return this.#drop(entry);
    entry.seq = head.seq;
    entry.knownSeq = head.seq;
    entry.logEpoch = head.logEpoch;
    const group = this.#groups.get(head.acl) ?? this.#makeGroup(head);
    group.entries.add(entry);
    entry.group = group;
    if (head.aclEpoch > group.epoch) this.#ports.onHigherEpoch(group, head.aclEpoch);
    this.#ports.onReady(entry);
  }

  #makeGroup(head: ScopeHead): AclGroup {
    const onFault = (err: unknown) => this.#ports.logger.error({ err, acl: head.acl }, 'a fence failed');
    const group: AclGroup = {
      acl: head.acl,
      epoch: head.aclEpoch,
      entries: new Set(),
      fences: new SerialQueue(onFault),
    };
    this.#groups.set(head.acl, group);
    return group;
  }

  #dropIfIdle(entry: Entry): void {
    if (entry.holds <= 0 && entry.watchers.size === 0) this.#drop(entry);
  }

  #drop(entry: Entry): void {
    if (entry.isDropped) return;
    entry.isDropped = true;
    clearTimeout(entry.gapTimer);
    clearTimeout(entry.outboxTimer);
    entry.queue.clear();
    entry.held = [];
    this.#entries.delete(entry.scope);
    this.#ports.subscriptions.unsubscribe(entry.scope);
    const { group, aclEntry } = entry;
    if (group !== undefined) {
      group.entries.delete(entry);
      if (group.entries.size === 0) this.#groups.delete(group.acl);
    }
    if (aclEntry !== undefined) this.release(aclEntry);
  }
}
