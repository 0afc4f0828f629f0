import { randomUUID } from 'node:crypto';
import type { FeedRepository, ScopeAsk, ScopeHead, ScopeRead } from '@muster/db/repositories/feed-types';
import type { Change, Effect, Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import type { Profiles, Role } from '@muster/protocol/principal';
import type { RunRead, RunReads } from '../run-gate.ts';

interface Row {
  acl: ScopeId;
  gone: ScopeHead['gone'];
  goneTo: ScopeId | null;
  floor: number;
  changes: Change[];
  /** The acl's at each change. */
  epochs: Map<number, number>;
}
export type FeedMethod = keyof FeedRepository | 'findRun';

/** A read that was taken and whose answer has not arrived. */
export interface HeldRead {
  /** Settles once somebody reads. */
  taken: Promise<void>;
  /** Lets the answer arrive, as it was when it was read. */
  arrive(): void;
}

/** Postgres as the bus sees it, in memory, with answers that arrive when a test says so. */
export class MemoryFeed implements FeedRepository, RunReads {
  logEpoch: string = randomUUID();
  readonly scopes = new Map<ScopeId, Row>();
  readonly acls = new Map<ScopeId, { epoch: number; members: Map<string, Role> }>();
  readonly runs = new Map<string, Omit<RunRead, 'aclEpoch' | 'logEpoch'>>();
  readonly sessions = new Set<string>();
  readonly calls: FeedMethod[] = [];
  profiles: Profiles = {};
  /** A scope's first `scope:open` page may be followed by others. */
  pageAfterFirst: string | undefined;
  #failing = new Map<FeedMethod, number>();
  #holds = new Map<FeedMethod, { onTaken(): void; arrival: Promise<void> }[]>();

  make(scope: ScopeId, members: Record<string, Role>, acl: ScopeId = scope): void {
    this.scopes.set(scope, { acl, gone: null, goneTo: null, floor: 0, changes: [], epochs: new Map() });
    if (acl === scope) this.acls.set(acl, { epoch: 1, members: new Map(Object.entries(members)) });
  }

  /** Appends one change, as a commit would. @returns the packet that a commit would publish */
  commit(scope: ScopeId, effects: Effect[] = [], by = 'ada'): Packet {
    const row = this.scopes.get(scope)!;
    const seq = (row.changes.at(-1)?.seq ?? row.floor) + 1;
    const change: Change = { seq, at: Date.now(), txnId: randomUUID(), actor: { id: by, kind: 'person' }, effects };
    row.changes.push(change);
    row.epochs.set(seq, this.acls.get(row.acl)!.epoch);
    return this.packet(scope, seq, seq);
  }

  packet(scope: ScopeId, from: number, to: number): Packet {
    const row = this.scopes.get(scope)!;
    const changes = row.changes.filter(({ seq }) => seq >= from && seq <= to);
    return { scope, from, to, changes, aclEpoch: row.epochs.get(to) ?? 1, logEpoch: this.logEpoch };
  }

  /** A removal, with the change that tells it: that change carries the new epoch. */
  remove(acl: ScopeId, userId: string): Packet {
    const held = this.acls.get(acl)!;
    held.members.delete(userId);
    held.epoch += 1;
    return this.commit(acl, [{ op: 'del', type: 'member', id: userId }]);
  }

  add(acl: ScopeId, userId: string, role: Role = 'editor'): Packet {
    const held = this.acls.get(acl)!;
    held.members.set(userId, role);
    held.epoch += 1;
    return this.commit(acl, [{ op: 'put', type: 'member', id: userId, value: { role } }]);
  }

  fail(method: FeedMethod, times = 1): void {
    this.#failing.set(method, times);
  }

  /** The next call of `method` reads at once, and its answer waits. Several may be held, in order. */
  hold(method: FeedMethod): HeldRead {
    let onTaken = () => {};
    let arrive = () => {};
    const taken = new Promise<void>((resolve) => (onTaken = resolve));
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    this.#holds.set(method, [...(this.#holds.get(method) ?? []), { onTaken, arrival }]);
    return { taken, arrive };
  }

  count(method: FeedMethod): number {
    return this.calls.filter((call) => call === method).length;
  }

  readScopes: FeedRepository['readScopes'] = (asks) =>
    this.#answer('readScopes', () =>
      asks.map((ask) => {
        const roles = new Map(
          ask.readers.flatMap((reader) => {
            const role = this.#role(ask.scope, reader);
            return role === undefined ? [] : [[reader, role] as const];
          }),
        );
        return roles.size === 0 ? undefined : { read: this.#read(ask), roles };
      }),
    );

  #read({ scope, after }: ScopeAsk): ScopeRead {
    const { changes, floor, epochs } = this.scopes.get(scope)!;
    const head = { ...this.#head(scope)!, floorSeq: floor };
    const canCatchUp =
      after !== undefined && after.logEpoch === this.logEpoch && after.seq <= head.seq && after.seq >= floor;
    if (canCatchUp) {
      const tail = changes.filter(({ seq }) => seq > after.seq);
      const position = { from: after.seq + 1, to: head.seq };
      return { ...head, ...position, kind: 'changes', changes: tail, epochs: tail.map(({ seq }) => epochs.get(seq)!) };
    }
    const entities = changes.map(({ seq }) => ({ type: 'task', id: `t${seq}`, value: { title: `seq ${seq}` } }));
    const next = this.pageAfterFirst === undefined ? {} : { next: this.pageAfterFirst };
    return { ...head, kind: 'snapshot', entities, ...next };
  }

  readPage: FeedRepository['readPage'] = (principal, scope) =>
    this.#answer('readPage', () => {
      const head = this.#head(scope);
      if (head === undefined || this.#role(scope, principal) === undefined) return undefined;
      return { entities: [], aclEpoch: head.aclEpoch };
    });

  findHead: FeedRepository['findHead'] = (scope) => this.#answer('findHead', () => this.#head(scope));

  readChanges: FeedRepository['readChanges'] = (scope, after) =>
    this.#answer('readChanges', () => {
      const head = this.#head(scope);
      if (head === undefined) return undefined;
      const { changes, floor, epochs } = this.scopes.get(scope)!;
      // Erased rows stay, emptied; compacted ones are gone.
      const tail = changes.filter(({ seq }) => seq > after);
      return { head, changes: tail, epochs: tail.map(({ seq }) => epochs.get(seq)!), floorSeq: floor };
    });

  readMembers: FeedRepository['readMembers'] = (scope) =>
    this.#answer('readMembers', () => {
      const row = this.scopes.get(scope);
      if (row === undefined) return undefined;
      const { epoch, members } = this.acls.get(row.acl)!;
      return { aclEpoch: epoch, members: new Map(members), gone: row.gone, goneTo: row.goneTo };
    });

  readPositions: FeedRepository['readPositions'] = (scopes, sessionIds) =>
    this.#answer('readPositions', () => {
      const heads = new Map<ScopeId, ScopeHead>();
      for (const scope of scopes) {
        const head = this.#head(scope);
        if (head !== undefined) heads.set(scope, head);
      }
      return {
        heads,
        logEpoch: this.logEpoch,
        validSessions: new Set(sessionIds.filter((id) => this.sessions.has(id))),
      };
    });

  readProfiles: FeedRepository['readProfiles'] = (ids) =>
    this.#answer('readProfiles', () =>
      Object.fromEntries(ids.flatMap((id) => (this.profiles[id] ? [[id, this.profiles[id]]] : []))),
    );

  findRun: RunReads['findRun'] = (principal, runId) =>
    this.#answer('findRun', () => {
      const run = this.runs.get(runId);
      if (run === undefined || this.#role(run.scope, principal) === undefined) return undefined;
      return { ...run, items: [...run.items], aclEpoch: this.#head(run.scope)!.aclEpoch, logEpoch: this.logEpoch };
    });

  #role(scope: ScopeId, principal: string): Role | undefined {
    const row = this.scopes.get(scope);
    return row === undefined || row.gone !== null ? undefined : this.acls.get(row.acl)!.members.get(principal);
  }

  #head(scope: ScopeId): ScopeHead | undefined {
    const row = this.scopes.get(scope);
    if (row === undefined) return undefined;
    const { acl, gone, goneTo, changes, floor } = row;
    const seq = Math.max(changes.at(-1)?.seq ?? 0, floor);
    return { scope, acl, seq, aclEpoch: this.acls.get(acl)!.epoch, logEpoch: this.logEpoch, gone, goneTo };
  }

  async #answer<T>(method: FeedMethod, read: () => T): Promise<T> {
    this.calls.push(method);
    const failures = this.#failing.get(method) ?? 0;
    if (failures > 0) {
      this.#failing.set(method, failures - 1);
      throw new Error(`${method} fails`);
    }
    const answer = read();
    const hold = this.#holds.get(method)?.shift();
    hold?.onTaken();
    await hold?.arrival;
    return answer;
  }
}
