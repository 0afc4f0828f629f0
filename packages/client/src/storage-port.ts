import type { CommandName } from '@muster/protocol/commands';
import type { Condition } from '@muster/protocol/condition';
import type { ScopeId } from '@muster/protocol/id';
import type { Profiles } from '@muster/protocol/principal';
import type { Content } from './ref.ts';
import type { TabsPort } from './types.ts';

/** A mutation that waits. `nonce` is made when it is queued and never changes. */
export interface PendingMutation {
  mid: number;
  nonce: string;
  name: CommandName;
  args: unknown;
  base: number | null;
  /** What must still be so when it is decided. */
  ifStill?: Condition[];
  queuedAt: number;
  /** The seqs of its answer, once acknowledged: it leaves when every open scope named here has reached its seq. */
  seqs: Record<string, number> | null;
  /** It had been acknowledged, and is offered again: the log may hold it already. */
  isOfferedAgain?: true;
}

/** What was acknowledged under a clientId that this store had before. */
export interface FormerMutation extends PendingMutation {
  clientId: string;
  /** The last log that was known to hold it; empty: none is. */
  logEpoch: string;
  at: number;
  /** The log does not hold it: it is done again under this clientId, which is made for that. */
  isLost?: true;
}

/** The mid alone does not name a mutation: another tab may have renewed the client, and mids begun again. */
export type Waiting = Pick<PendingMutation, 'mid' | 'nonce'>;

/** One that leaves the queue; `seqs` null: it was refused, or given up. */
export type Done = Pick<PendingMutation, 'mid' | 'nonce' | 'seqs'>;

/** Under which log, and when, something was done. */
export interface Under {
  logEpoch: string;
  at: number;
}

export interface StoredScope {
  scope: ScopeId;
  seq: number;
  logEpoch: string;
  aclEpoch: number;
}

export interface StoredEntity {
  scope: ScopeId;
  type: string;
  id: string;
  value: Record<string, unknown>;
}

/**
 * Where confirmed entities and the queue live. One IndexedDB twin, one memory twin, held to the same tests. Every
 * method is one transaction. What it throws is a `StorageFault` where there is a name for it.
 */
export interface StoragePort {
  /** The identity of this browser profile: made on first use. */
  identity(): Promise<{ clientId: string; userId: string | null; nextMid: number }>;
  /**
   * Says whose this store is, where it was nobody's or passes from a guest to the person that they became.
   * @returns false, and nothing is changed, where this person has another store here already
   */
  setUser(userId: string): Promise<boolean>;
  /**
   * A new clientId with mids from 1: what was never answered is queued again under it in order. What was is kept with the
   * old clientId, under which alone a server can tell whether its log holds it.
   * @returns false, and nothing is changed, where the clientId is not `from` any more: another tab was faster
   */
  renew(from: string, to: string, at: number): Promise<boolean>;
  /**
   * Content is the caller's own: nobody else changes it. `torn`: scopes whose content was not whole. They are left out,
   * to be opened again.
   */
  load(): Promise<{
    scopes: StoredScope[];
    content: Map<ScopeId, Content>;
    torn: ScopeId[];
    pending: PendingMutation[];
    profiles: Profiles;
    /** Something was acknowledged under an earlier clientId. */
    hasFormer: boolean;
  }>;
  /** Replaces a scope as an open's answer told it: the only thing that may create one. */
  replaceScope(scope: StoredScope, entities: StoredEntity[]): Promise<void>;
  /**
   * Applies a packet only if the stored logEpoch is equal and the stored seq + 1 lies in it.
   * @returns false where it did not fit: another tab was there, or the scope is gone
   */
  applyPacket(
    scope: ScopeId,
    logEpoch: string,
    from: number,
    to: number,
    aclEpoch: number,
    puts: StoredEntity[],
    dels: { type: string; id: string }[],
  ): Promise<boolean>;
  /** Wipes a scope that is no longer this person's to see, and the words in it that were acknowledged. */
  dropScope(scope: ScopeId): Promise<void>;
  /** Makes room: the content of these scopes goes, to be opened again another time. */
  evict(scopes: ScopeId[]): Promise<void>;
  /**
   * Takes the next mid inside the transaction, so that any tab may enqueue.
   * @param from the least that it may be: mids below it were given without the disk
   */
  enqueue(mutation: Omit<PendingMutation, 'mid'>, from?: number): Promise<PendingMutation>;
  /**
   * Stores what got its mid while the disk could take nothing; where another tab has used it, that one stands.
   * @returns the nonces of those that stand there now
   */
  keep(mutations: PendingMutation[]): Promise<Set<string>>;
  settle(waiting: Waiting, seqs: Record<string, number>): Promise<void>;
  /**
   * Takes what is done out of the queue. It is kept apart for some minutes, with the log in which it was done: a server
   * that is restored may have lost it. What was refused keeps its mid there and nothing else.
   */
  retire(done: Done[], under: Under): Promise<void>;
  /**
   * The log went back: what was acknowledged under another one is queued again, with the mids and nonces that it has.
   * @param from the server knows of nothing from this mid on. Where it had answered one of those, its log has gone back,
   * and all is queued again: what it does hold before may be a copy's of this client
   * @returns all that waits now
   */
  offerAgain(logEpoch: string, now: number, from?: number): Promise<PendingMutation[]>;
  /** What was acknowledged under earlier clientIds and is not known to be in this log, in its order. */
  former(logEpoch: string, now: number): Promise<FormerMutation[]>;
  /**
   * What a log said of it. What it holds stays for the next one; what it lost gets mids from 1 under the clientId `to`.
   * Nothing is done to what another tab has settled so.
   */
  settleFormer(held: FormerMutation[], lost: FormerMutation[], to: string, under: Under): Promise<void>;
  /** What waits, by mid: another tab may have queued or removed something. */
  pending(): Promise<PendingMutation[]>;
  /** Empties given-up mutations, which keep their mids until the server has taken them. */
  voidOut(waiting: Waiting[]): Promise<void>;
  /** Names and faces, so that they are there offline too. */
  putProfiles(profiles: Profiles): Promise<void>;
  /**
   * Puts this person's store aside and goes on with another's, made on first use; null: with one that is nobody's yet.
   * The one put aside keeps its clientId and what is pending; one that is nobody's passes its pending on and ends.
   */
  switchTo(userId: string | null): Promise<void>;
  wipe(): Promise<void>;
  /** Asks the browser to keep this store also where space is short. @returns whether it will */
  persist(): Promise<boolean>;
  /** What this origin uses and may use; null where nobody says. */
  estimate(): Promise<{ usageBytes: number; quotaBytes: number } | null>;
  close(): Promise<void>;
  /**
   * Called whenever the browser has thrown the store away under the page: the profile is there again under its clientId,
   * with nothing in it. Memory does not lose anything that way.
   */
  onCleared?(hear: () => void): void;
  /** How the tabs (or clients) on this store hear of each other. */
  readonly tabs: TabsPort;
}
