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

/** Role, epochs, seq and content, read in one repeatable-read transaction. `null`: absent, gone or not this principal's. */
export type ScopeRead =
  | (ScopeHead & { role: Role; kind: 'snapshot'; entities: WireEntity[]; next?: string })
  | (ScopeHead & { role: Role; kind: 'changes'; from: number; to: number; changes: Change[] });

/** The reads behind the gateway's bus. Everything that decides who may see what is read together with what is seen. */
export interface FeedRepository {
  findHead(scope: ScopeId): Promise<ScopeHead | undefined>;
  /**
   * Many scopes in one repeatable-read transaction: changes after a position that the log still holds (seq at or above
   * the floor, same logEpoch, at most ~1 MB), else a snapshot's first page. Missing in the map: not visible.
   */
  readScopes(
    principalId: string,
    wants: { scope: ScopeId; after?: { seq: number; logEpoch: string } }[],
  ): Promise<Map<ScopeId, ScopeRead>>;
  /** A further page of a long snapshot; the role is read again. Undefined: not visible. */
  readPage(
    principalId: string,
    scope: ScopeId,
    next: string,
  ): Promise<{ entities: WireEntity[]; next?: string; aclEpoch: number } | undefined>;
  /** `change where seq > after`, in order, with heads, for gap repair: no rights, the fence stands behind it. */
  readChanges(
    scope: ScopeId,
    after: number,
  ): Promise<{ head: ScopeHead; changes: Change[]; floorSeq: number } | undefined>;
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
