import type { EntityType, Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { isEnded, type Run } from '@muster/protocol/run';
import { byPlace, compareBytes } from '@muster/domain/ordering';
import type { FieldWriter, Invite, State } from '@muster/domain/state';
import { listScope, numberOfItem, type PlainType } from '../mappers.ts';
import { entityKey, pairKey, type Facts, type ScopeRecord } from './facts.ts';
import type { Overlay } from './overlay.ts';
import type { TaskRecord } from './task-record.ts';
import { Wants } from './wants.ts';

const ALL_KEYS = {
  label: 'allLabel',
  member: 'allMember',
  thread: 'allThread',
  run: 'allRun',
  membership: 'allMembership',
  task: 'allTasks',
} as const;

/**
 * What a decider of this batch sees: the facts under the writes of the commands before it. Whatever it looks at that
 * was never asked of the database is noted in `missing`; the command is then decided again once that is known, so a
 * need that a command forgot to name costs a round trip, never a wrong decision.
 */
export class BatchState implements State {
  readonly missing = new Wants();
  readonly #facts: Facts;
  readonly #overlay: Overlay;
  readonly #subject: string;

  constructor(facts: Facts, overlay: Overlay, subject: string) {
    this.#facts = facts;
    this.#overlay = overlay;
    this.#subject = subject;
  }

  get<T extends EntityType>(type: T, id: string, scope?: ScopeId): Stored<T> | undefined {
    const found = type === 'task' ? this.#liveTask(id) : this.#entity(type, id, scope);
    return found as Stored<T> | undefined;
  }

  /** A task with what deciders do not see; undefined where there is none, and never was. */
  record(taskId: string): TaskRecord | undefined {
    const written = this.#overlay.tasks.get(taskId);
    if (written) return written;
    const known = this.#facts.tasks.get(taskId);
    if (known === undefined) this.missing.add('tasks', taskId);
    return known ?? undefined;
  }

  tombstone(taskId: string): Stored<'task'> | undefined {
    const record = this.record(taskId);
    return record && record.deletedAt !== null ? record.task : undefined;
  }

  tombstonedChildren(taskId: string): Stored<'task'>[] {
    const txn = this.record(taskId)?.deletedTxn;
    if (txn === undefined || txn === null) return [];
    return this.#childRecords(taskId)
      .filter((child) => child.deletedTxn === txn)
      .map(({ task }) => task)
      .sort(asPlaced);
  }

  children(taskId: string): Stored<'task'>[] {
    return this.#childRecords(taskId)
      .filter(({ deletedAt }) => deletedAt === null)
      .map(({ task }) => task)
      .sort(asPlaced);
  }

  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[] {
    const ids = type === 'run_item' ? this.#itemIds(scope) : this.#idsIn(scope, type);
    for (const one of this.#writtenIn(scope, type)) ids.add(one.id);
    const found = [...ids].flatMap((id) => this.get(type, id, scope) ?? []).filter((one) => one.scope === scope);
    const live = type === 'run' ? found.filter(({ value }) => !isEnded((value as Run).status)) : found;
    return live;
  }

  nextPos(listId: string, pos: string | null): string | null {
    const scope = listScope(listId);
    const isAbove = (key: string) => pos === null || compareBytes(key, pos) > 0;
    let next: string | null = null;
    if (!this.#overlay.created.has(scope)) {
      const gap = (this.#facts.gaps.get(scope) ?? []).find(
        ([from, to]) =>
          (from === null || (pos !== null && compareBytes(from, pos) <= 0)) && (to === null || isAbove(to)),
      );
      if (gap) next = gap[1];
      else this.missing.add('next', [scope, pos]);
    }
    for (const key of this.#overlay.posesOf(scope)) {
      if (isAbove(key) && (next === null || compareBytes(key, next) < 0)) next = key;
    }
    return next;
  }

  lastPos(listId: string): string | null {
    const scope = listScope(listId);
    let last = this.#facts.lastPos.get(scope) ?? null;
    if (!this.#facts.lastPos.has(scope) && !this.#overlay.created.has(scope)) this.missing.add('last', scope);
    for (const key of this.#overlay.posesOf(scope)) if (last === null || compareBytes(key, last) > 0) last = key;
    return last;
  }

  size(scope: ScopeId): number {
    return this.scope(scope)?.size ?? 0;
  }

  scopeState(scope: ScopeId): 'live' | 'gone' | undefined {
    const record = this.scope(scope);
    return record && (record.isGone ? 'gone' : 'live');
  }

  scope(scope: ScopeId): ScopeRecord | undefined {
    const written = this.#overlay.scopes.get(scope);
    if (written) return written;
    const known = this.#facts.scopes.get(scope);
    if (known === undefined) this.missing.add('scopes', scope);
    return known ?? undefined;
  }

  aclOf(scope: ScopeId): ScopeId | undefined {
    return this.scope(scope)?.acl;
  }

  role(scope: ScopeId, principalId = this.#subject): Role | undefined {
    const acl = this.aclOf(scope);
    if (acl === undefined) return undefined;
    // What this batch wrote counts before what was read: a grant is the member entity.
    const written = this.#overlay.entities.get(entityKey('member', principalId, acl));
    if (written !== undefined) return (written as Stored<'member'> | null)?.value.role;
    if (this.#overlay.created.has(acl)) return undefined;
    const known = this.#facts.roles.get(pairKey(acl, principalId));
    if (known === undefined) this.missing.add('roles', [acl, principalId]);
    return known ?? undefined;
  }

  isTaken(type: EntityType, id: string): boolean {
    if (type === 'task') return this.record(id) !== undefined;
    return this.get(type, id) !== undefined;
  }

  fieldWriter(taskId: string, field: string): FieldWriter | undefined {
    const writer = this.record(taskId)?.fieldSeq[field];
    if (!writer) return undefined;
    const [seq, actor, clientId] = writer;
    return { seq, actor, ...(clientId ? { clientId } : {}) };
  }

  account(email: string): string | undefined {
    for (const [key, id] of this.#facts.accounts) if (key.startsWith(`${email}|`)) return id ?? undefined;
    return undefined;
  }

  lastMembershipPos(userId: string): string | null {
    const scope = `user:${userId}` as ScopeId;
    const known = this.#facts.lastMembership.get(scope);
    if (known === undefined && !this.#overlay.created.has(scope)) this.missing.add('lastMembership', scope);
    const written = this.#overlay.lastMembership.get(scope);
    if (written === undefined) return known ?? null;
    return known === undefined || known === null || compareBytes(written, known) > 0 ? written : known;
  }

  link(id: string): Invite | undefined {
    if (!this.#facts.links.has(id)) this.missing.add('link', id);
    return this.#facts.links.get(id) ?? undefined;
  }

  invitation(id: string): Invite | undefined {
    if (!this.#facts.invitations.has(id)) this.missing.add('invitation', id);
    return this.#facts.invitations.get(id) ?? undefined;
  }

  #liveTask(id: string): Stored<'task'> | undefined {
    const record = this.record(id);
    return record && record.deletedAt === null ? record.task : undefined;
  }

  #entity(type: Exclude<EntityType, 'task'>, id: string, scope?: ScopeId): Stored | undefined {
    const key = entityKey(type, id, scope);
    const written = this.#overlay.entities.get(key);
    if (written !== undefined) return written ?? undefined;
    if (scope !== undefined && this.#overlay.created.has(scope)) return undefined;
    const known = this.#facts.entities.get(key);
    if (known === undefined) this.#miss(type, id, scope);
    return known ?? undefined;
  }

  #miss(type: PlainType | 'member', id: string, scope?: ScopeId): void {
    if (type === 'member' || type === 'membership') {
      if (scope === undefined) throw new Error(`a ${type} was asked for without its scope`);
      this.missing.add(type, [scope, id]);
    } else if (type === 'run_item') {
      this.missing.add(type, [id.slice(0, id.indexOf(':')), numberOfItem(id)]);
    } else {
      this.missing.add(type, id);
    }
  }

  #childRecords(taskId: string): TaskRecord[] {
    const known = this.#facts.children.get(taskId);
    const isNew = this.#facts.tasks.get(taskId) === null;
    if (!known && !isNew) this.missing.add('children', taskId);
    const ids = new Set(known);
    for (const [id, { task }] of this.#overlay.tasks) if (task.value.parentId === taskId) ids.add(id);
    return [...ids].flatMap((id) => this.record(id) ?? []).filter(({ task }) => task.value.parentId === taskId);
  }

  #idsIn(scope: ScopeId, type: EntityType): Set<string> {
    const known = this.#facts.all.get(pairKey(type, scope));
    if (!known && !this.#overlay.created.has(scope)) {
      const key = ALL_KEYS[type as keyof typeof ALL_KEYS];
      if (key === undefined) throw new Error(`all of ${type} cannot be asked for`);
      this.missing.add(key, scope);
    }
    return new Set(known);
  }

  /** Of runs whose items were asked for. */
  #itemIds(scope: ScopeId): Set<string> {
    const ids = new Set<string>();
    for (const stored of this.#facts.entities.values()) {
      if (stored?.type === 'run_item' && stored.scope === scope) ids.add(stored.id);
    }
    return ids;
  }

  #writtenIn(scope: ScopeId, type: EntityType): Stored[] {
    const written: Iterable<Stored | null> =
      type === 'task' ? [...this.#overlay.tasks.values()].map(({ task }) => task) : this.#overlay.entities.values();
    return [...written].filter((one): one is Stored => one !== null && one.type === type && one.scope === scope);
  }
}

const asPlaced = (a: Stored<'task'>, b: Stored<'task'>): number =>
  byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos });
