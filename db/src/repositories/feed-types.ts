import type { Change } from '@muster/protocol/change';
import type { WireEntity } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { Profiles, Role } from '@muster/protocol/principal';

/** Where a scope stands in Postgres. */
export interface ScopeHead {
  scope: ScopeId;
  acl: ScopeId;
  seq: number;
  aclEpoch: number;
  logEpoch: string;
  gone: 'deleted' | 'moved' | null;
  goneTo: ScopeId | null;
}

/**
 * Epochs, seq, floor and content of one moment. Below the floor the log no longer says what happened. `epochs`: the acl's
 * at each change's commit.
 */
export type ScopeRead = ScopeHead & { floorSeq: number } & (
    | { kind: 'snapshot'; entities: WireEntity[]; next?: string }
    | { kind: 'changes'; from: number; to: number; changes: Change[]; epochs: number[] }
  );

/** What several readers want of one scope: all of it, or what follows the position that they all have. */
export interface ScopeAsk {
  scope: ScopeId;
  after?: { seq: number; logEpoch: string };
  readers: readonly string[];
}

/** Content and rights of one moment: whoever is not among the roles may not see it. */
export interface ScopeAnswer {
  read: ScopeRead;
  roles: ReadonlyMap<string, Role>;
}

export interface LogRead {
  head: ScopeHead;
  changes: Change[];
  epochs: number[];
  floorSeq: number;
}

/** The reads behind the gateway's bus. Everything that decides who may see what is read together with what is seen. */
export interface FeedRepository {
  findHead(scope: ScopeId): Promise<ScopeHead | undefined>;
  /**
   * Many scopes at one moment, each for all its readers: changes after a position that the log still holds (seq at or
   * above the floor, same logEpoch, at most ~1 MB), else a snapshot's first page. One answer an ask, in order; undefined:
   * visible to none of its readers.
   */
  readScopes(asks: readonly ScopeAsk[]): Promise<(ScopeAnswer | undefined)[]>;
  /** A further page of a long snapshot; the role is read again. Undefined: not visible. */
  readPage(
    principalId: string,
    scope: ScopeId,
    next: string,
  ): Promise<{ entities: WireEntity[]; next?: string; aclEpoch: number } | undefined>;
  /**
   * `change where seq > after`, in order, with heads, for gap repair: no rights, the fence stands behind it. `epochs`: the
   * acl's at each change's commit.
   */
  readChanges(scope: ScopeId, after: number): Promise<LogRead | undefined>;
  /** Members *and* epoch in one statement: whose right to the scope holds now, with each one's role. */
  readMembers(
    scope: ScopeId,
  ): Promise<
    { aclEpoch: number; members: Map<string, Role>; gone: ScopeHead['gone']; goneTo: ScopeId | null } | undefined
  >;
  /** Positioning: all heads, epochs, the logEpoch, and which of these sessions are still valid, in one query. */
  readPositions(
    scopes: ScopeId[],
    sessionIds: string[],
  ): Promise<{ heads: Map<ScopeId, ScopeHead>; logEpoch: string; validSessions: Set<string> }>;
  readProfiles(ids: string[]): Promise<Profiles>;
}
