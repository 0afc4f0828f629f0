import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { EntityType, EntityTypes, Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { ChangeActor } from '@muster/protocol/principal';
import type { Command, Context, Decision } from '../src/command.ts';
import { COMMANDS } from '../src/registry.ts';
import { byPlace, compareBytes } from '../src/ordering.ts';
import type { FieldWriter, Invite, State } from '../src/state.ts';

export const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** A whole world in memory that folds effects as readers do: the plainest State there is, for the rules' own tests. */
export class World implements State {
  readonly entities = new Map<string, Stored>();
  readonly tombstones = new Map<string, { task: Stored<'task'>; txn: number }>();
  readonly scopes = new Map<ScopeId, { aclOf: ScopeId; state: 'live' | 'gone' }>();
  readonly accounts = new Map<string, string>();
  readonly invites = new Map<string, Invite>();
  readonly writers = new Map<string, FieldWriter>();
  subject = uuid(1);
  now = 1_000;
  #txn = 0;
  #ids = 900_000;

  #key = (scope: ScopeId, type: string, id: string) =>
    type === 'member' || type === 'membership' ? `${scope}/${type}/${id}` : `${type}/${id}`;

  get<T extends EntityType>(type: T, id: string, scope?: ScopeId): Stored<T> | undefined {
    return this.entities.get(this.#key(scope ?? 'list:', type, id)) as Stored<T> | undefined;
  }
  tombstone(id: string) {
    return this.tombstones.get(id)?.task;
  }
  tombstonedChildren(id: string) {
    const own = this.tombstones.get(id);
    return [...this.tombstones.values()]
      .filter(({ task, txn }) => task.value.parentId === id && txn === own?.txn)
      .map(({ task }) => task);
  }
  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[] {
    return [...this.entities.values()].filter((e) => e.scope === scope && e.type === type) as Stored<T>[];
  }
  children(taskId: string): Stored<'task'>[] {
    return ([...this.entities.values()] as Stored<'task'>[])
      .filter((e) => e.type === 'task' && e.value.parentId === taskId)
      .sort((a, b) => byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos }));
  }
  #keys(listId: string): string[] {
    const live = this.all(`list:${listId}`, 'task').map((task) => task.value.pos);
    const dead = [...this.tombstones.values()].filter(({ task }) => task.value.listId === listId);
    return [...live, ...dead.map(({ task }) => task.value.pos)].sort(compareBytes);
  }
  nextPos(listId: string, pos: string | null) {
    return this.#keys(listId).find((key) => pos === null || key > pos) ?? null;
  }
  lastPos(listId: string) {
    return this.#keys(listId).at(-1) ?? null;
  }
  size(scope: ScopeId) {
    return [...this.entities.values()].filter((e) => e.scope === scope).length;
  }
  scopeState(scope: ScopeId) {
    return this.scopes.get(scope)?.state;
  }
  aclOf(scope: ScopeId) {
    return this.scopes.get(scope)?.aclOf;
  }
  role(scope: ScopeId, principal = this.subject) {
    const acl = this.aclOf(scope);
    if (!acl) return undefined;
    if (acl === `user:${principal}`) return 'owner';
    return this.get('member', principal, acl)?.value.role;
  }
  isTaken(type: EntityType, id: string) {
    return this.get(type, id) !== undefined || (type === 'task' && this.tombstones.has(id));
  }
  fieldWriter(taskId: string, field: string) {
    return this.writers.get(`${taskId}.${field}`);
  }
  account(email: string) {
    return this.accounts.get(email);
  }
  lastMembershipPos(userId: string) {
    const keys = this.all(`user:${userId}`, 'membership').map((membership) => membership.value.pos);
    return keys.sort(compareBytes).at(-1) ?? null;
  }
  link(id: string) {
    return this.invites.get(id);
  }
  invitation(id: string) {
    return this.invites.get(id);
  }

  addPerson(id: string): void {
    this.scopes.set(`user:${id}`, { aclOf: `user:${id}`, state: 'live' });
  }

  context(overrides: Partial<Context> = {}): Context {
    const actor: ChangeActor = { id: this.subject, kind: 'person' };
    return { actor, subject: this.subject, now: this.now, newId: () => uuid((this.#ids += 1)), ...overrides };
  }

  /** Decides as `who` and folds the effects. */
  run<Args>(who: string, command: Command<Args>, args: Args, overrides: Partial<Context> = {}): Decision {
    this.subject = who;
    const decision = command.decide(this, args, this.context(overrides));
    this.apply(decision);
    return decision;
  }

  do<N extends CommandName>(who: string, name: N, args: CommandArgs<N>, overrides: Partial<Context> = {}): Decision {
    return this.run(who, COMMANDS[name] as unknown as Command<CommandArgs<N>>, args, overrides);
  }

  apply({ create = [], gone = [], effects }: Decision): void {
    this.#txn += 1;
    for (const { scope, aclOf } of create) this.scopes.set(scope, { aclOf, state: 'live' });
    for (const { scope, effect } of effects) {
      const key = this.#key(scope, effect.type, effect.id);
      const now = this.entities.get(key);
      if (effect.op === 'put') {
        const value = effect.value as unknown as EntityTypes[EntityType];
        this.entities.set(key, { scope, type: effect.type as EntityType, id: effect.id, value });
        this.tombstones.delete(effect.id);
      } else if (now?.scope === scope && effect.op === 'patch') {
        this.entities.set(key, { ...now, value: { ...now.value, ...effect.fields } as EntityTypes[EntityType] });
      } else if (now?.scope === scope && effect.op === 'del') {
        this.entities.delete(key);
        if (now.type === 'task') this.tombstones.set(effect.id, { task: now as Stored<'task'>, txn: this.#txn });
      }
    }
    for (const { scope } of gone) {
      for (const held of this.scopes.values()) if (held.aclOf === scope) held.state = 'gone';
      const own = this.scopes.get(scope);
      if (own) own.state = 'gone';
    }
  }

  /** Titles of a list's tasks in order, sub-tasks indented under their parents. */
  titles(listId: string): string[] {
    const tasks = this.all(`list:${listId}`, 'task').sort((a, b) =>
      byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos }),
    );
    return tasks
      .filter(({ value }) => value.parentId === null)
      .flatMap((task) => [task.value.title, ...this.children(task.id).map(({ value }) => `  ${value.title}`)]);
  }
}

/** What the code of a rejection is; fails where nothing was rejected. */
export function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return (error as { code?: string }).code ?? `not a rejection: ${String(error)}`;
  }
  return 'applied';
}
