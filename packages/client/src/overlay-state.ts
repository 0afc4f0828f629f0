import { byPlace, compareBytes } from '@muster/domain/ordering';
import type { State } from '@muster/domain/state';
import type { EntityType, Stored } from '@muster/protocol/entity';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { isEnded } from '@muster/protocol/run';
import type { Intent } from './intent.ts';
import { kindKey, nameKey, PLACE, type Value } from './ref.ts';
import type { View } from './view.ts';

const stored = (scope: ScopeId, type: string, id: string, value: Value) => ({ scope, type, id, value }) as unknown;

const THREAD_TYPES = ['message', 'run', 'run_item'] as const;

/**
 * The window through which a decider sees the client's world as it was before one intent: confirmed, folded with the
 * intents before it. What it looked at is noted in `intent.reads`.
 */
export class OverlayState implements State {
  readonly #view: View;
  readonly #intent: Intent;
  readonly #userId: string;

  constructor(view: View, intent: Intent, userId: string) {
    this.#view = view;
    this.#intent = intent;
    this.#userId = userId;
  }

  get<T extends EntityType>(type: T, id: string, scope?: ScopeId): Stored<T> | undefined {
    this.#intent.reads.names.add(nameKey(type, id));
    const at = scope ?? this.#view.locate(type, id, this.#intent);
    const value = at && this.#view.valueBefore({ scope: at, type, id }, this.#intent);
    return value && (stored(at, type, id, value) as Stored<T>);
  }

  tombstone(taskId: string): Stored<'task'> | undefined {
    if (this.get('task', taskId)) return undefined;
    const deleted = this.#view.deletedBefore(taskId, this.#intent);
    return deleted && (stored(deleted.ref.scope, 'task', taskId, deleted.value) as Stored<'task'>);
  }

  tombstonedChildren(taskId: string): Stored<'task'>[] {
    return this.#view
      .deletedChildrenBefore(taskId, this.#intent)
      .map(({ ref, value }) => stored(ref.scope, 'task', ref.id, value) as Stored<'task'>);
  }

  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[] {
    this.#intent.reads.kinds.add(kindKey(scope, type));
    const all = [...this.#view.allBefore(scope, type, this.#intent)];
    const found = all.map(({ id, value }) => stored(scope, type, id, value) as Stored<T>);
    if (type !== 'run') return found;
    return found.filter((run) => !isEnded((run as Stored<'run'>).value.status));
  }

  children(taskId: string): Stored<'task'>[] {
    const scope = this.get('task', taskId)?.scope;
    if (!scope) return [];
    this.#intent.reads.kinds.add(kindKey(scope, PLACE));
    const children: Stored<'task'>[] = [];
    for (const { id, value } of this.#view.allBefore(scope, 'task', this.#intent)) {
      if (value.parentId !== taskId) continue;
      this.#intent.reads.names.add(nameKey('task', id));
      children.push(stored(scope, 'task', id, value) as Stored<'task'>);
    }
    return children.sort((a, b) => byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos }));
  }

  nextPos(listId: string, pos: string | null): string | null {
    let next: string | null = null;
    for (const key of this.#keys(listId)) if ((pos === null || key > pos) && (next === null || key < next)) next = key;
    return next;
  }

  lastPos(listId: string): string | null {
    let last: string | null = null;
    for (const key of this.#keys(listId)) if (last === null || key > last) last = key;
    return last;
  }

  /** Not noted as read: a limit that only the server enforces must not make every packet decide everything again. */
  size(scope: ScopeId): number {
    // A conversation is small, and what waits in it counts for whether anything was written there.
    if (parseScope(scope).kind === 'thread') {
      const isHeld =
        this.#view.confirmed.position(scope) ?? this.#view.intents.find((one) => one.creates.includes(scope));
      if (!isHeld) return NaN;
      return THREAD_TYPES.reduce((sum, type) => sum + [...this.#view.allBefore(scope, type, this.#intent)].length, 0);
    }
    return this.#view.confirmed.size(scope);
  }

  scopeState(scope: ScopeId): 'live' | 'gone' | undefined {
    const { kind, id } = parseScope(scope);
    if (kind === 'user') return id === this.#userId ? 'live' : undefined;
    if (kind === 'thread') return this.get('thread', id) ? 'live' : undefined;
    const isKnown = this.get('list', id) ?? this.get('membership', id, scopeOf('user', this.#userId));
    return isKnown ? 'live' : undefined;
  }

  aclOf(scope: ScopeId): ScopeId | undefined {
    const { kind, id } = parseScope(scope);
    return kind === 'thread' ? this.get('thread', id)?.scope : scope;
  }

  role(scope: ScopeId, principalId: string = this.#userId): Role | undefined {
    const acl = this.aclOf(scope);
    if (!acl) return undefined;
    const { kind, id } = parseScope(acl);
    if (kind === 'user') return id === principalId ? 'owner' : undefined;
    const member = this.get('member', principalId, acl)?.value.role;
    if (member ?? principalId !== this.#userId) return member;
    // The list's own content may not be here yet; the sidebar's entry says the role too.
    return this.get('membership', id, scopeOf('user', principalId))?.value.role;
  }

  isTaken(type: EntityType, id: string): boolean {
    return this.get(type, id) !== undefined || (type === 'task' && this.tombstone(id) !== undefined);
  }

  fieldWriter(): undefined {
    return undefined;
  }

  account(): undefined {
    return undefined;
  }

  lastMembershipPos(userId: string): string | null {
    const keys = this.all(scopeOf('user', userId), 'membership').map(({ value }) => value.pos);
    return keys.sort(compareBytes).at(-1) ?? null;
  }

  link(): undefined {
    return undefined;
  }

  invitation(): undefined {
    return undefined;
  }

  *#keys(listId: string): Iterable<string> {
    const scope = scopeOf('list', listId);
    this.#intent.reads.kinds.add(kindKey(scope, PLACE));
    for (const { value } of this.#view.allBefore(scope, 'task', this.#intent)) yield String(value.pos);
    for (const { value } of this.#view.confirmed.tombstones.in(scope)) yield String(value.pos);
  }
}
