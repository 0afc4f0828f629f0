import type { Change, Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import type { ScopeGone } from '@muster/protocol/server-events';
import { ChangeRing } from './change-ring.ts';
import { EpochSteps } from './epoch-steps.ts';
import { SerialQueue } from './serial-queue.ts';

/** Whoever receives what happens in a scope: a socket that opened it, or a reader of a run in it. */
export interface Watcher {
  readonly userId: string;
  /** Its right ended, or the scope did: leave the rooms and tell. The entry has already let go of it. */
  evict(gone: ScopeGone): void;
}

/** Who may see: scopes that share an acl share its epoch, so that a thread's readers fall under their list's fence. */
export interface AclGroup {
  readonly acl: ScopeId;
  epoch: number;
  readonly entries: Set<Entry>;
  /** Fences of one acl, one after another. */
  readonly fences: SerialQueue;
}

/** What one gateway knows of a scope that its clients watch. Everything that happens in it goes through its one queue. */
export class Entry {
  readonly scope: ScopeId;
  readonly queue: SerialQueue;
  readonly ring = new ChangeRing();
  /** A set apart from the room: eviction walks it. Changed by EntryTable only. */
  readonly watchers = new Set<Watcher>();
  /** Gates and dependent entries that need it although nobody watches (yet). */
  holds = 0;
  /** Undefined until the head was read. */
  group: AclGroup | undefined;
  /** The entry of the acl that it shares, held for as long as this one lives: a removal is heard there. */
  aclEntry: Entry | undefined;
  seq = 0;
  /** The acl's epoch at each change of ring and outbox: a packet carries that of its last. */
  readonly epochs = new EpochSteps();
  logEpoch = '';
  /** The highest seq that Postgres was seen to have: heads tell it, so that a client sees a gap that we cannot fill. */
  knownSeq = 0;
  /** Never used again once true: a new entry takes its place. */
  isDropped = false;
  /** Settles once it is subscribed and has its head; `isDropped` then says whether there is such a scope. */
  ready: Promise<void> = Promise.resolve();
  /** Packets from beyond a gap, or from before the head was known. */
  held: Packet[] = [];
  gapTimer: NodeJS.Timeout | undefined;
  /** Changes that wait a few milliseconds to travel with those that follow. */
  outbox: Change[] = [];
  outboxTimer: NodeJS.Timeout | undefined;
  lastEmitAt = -Infinity;
  /** Authors whose profile went out with a packet of this entry. */
  readonly introduced = new Set<string>();

  constructor(scope: ScopeId, onFault: (fault: unknown) => void) {
    this.scope = scope;
    this.queue = new SerialQueue(onFault);
  }

  get epoch(): number {
    return this.group?.epoch ?? 0;
  }

  get isReady(): boolean {
    return this.group !== undefined && !this.isDropped;
  }
}
