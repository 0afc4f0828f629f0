import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Touch } from '@muster/domain/state';

type HolderType = Extract<Touch, { touch: 'holder' }>['type'];
/** Runs one statement and returns its JSON. */
export type LookUp = (wants: string) => Promise<LookupAnswer>;

type Pairs = [string, string][] | null;
export type LookupAnswer = Record<HolderType, Pairs> & {
  acls: Pairs;
  members: Pairs;
  memberships: Pairs;
  account: Pairs;
};

/** Entries of the cache; the oldest go first. A task's list costs some 150 bytes. */
const MOST_ENTRIES = 100_000;

/**
 * Where things live and whose rights those places share, from memory where possible: looking a task's list up in the
 * database for each command cost a third of the throughput. A wrong answer does no harm, since the load checks it.
 */
export class Holders {
  readonly #known = new Map<string, ScopeId>();
  readonly #lookUp: LookUp;
  readonly isWordEnough: boolean;

  /** @param isWordEnough an address counts as its account's before it was proved */
  constructor(lookUp: LookUp, isWordEnough: boolean) {
    this.#lookUp = lookUp;
    this.isWordEnough = isWordEnough;
  }

  /** What was just made or moved. */
  learn(type: string, id: string, scope: ScopeId): void {
    this.#set(`${type}|${id}`, scope);
  }

  learnAcl(scope: ScopeId, acl: ScopeId): void {
    if (scope !== acl) this.#set(`acl|${scope}`, acl);
  }

  /** A first guess of where something will be once the command before it in the queue has run. */
  expect(type: string, id: string, scope: ScopeId): void {
    if (!this.#known.has(`${type}|${id}`)) this.learn(type, id, scope);
  }

  expectAcl(scope: ScopeId, acl: ScopeId): void {
    if (!this.#known.has(`acl|${scope}`)) this.learnAcl(scope, acl);
  }

  /** Asks the database again next time. */
  forget(touches: Touch[], scopes: ScopeId[]): void {
    for (const touch of touches) if (touch.touch === 'holder') this.#known.delete(`${touch.type}|${touch.id}`);
    for (const scope of scopes) this.#known.delete(`acl|${scope}`);
  }

  /** The database may hold another world than the one that this was learnt from. */
  clear(): void {
    this.#known.clear();
  }

  /** The scopes that the touches name and their acls, both sorted; undefined where the database must be asked. */
  fromMemory(touches: Touch[]): { scopes: ScopeId[]; acls: ScopeId[] } | undefined {
    const scopes = new Set<ScopeId>();
    for (const touch of touches) {
      if (touch.touch === 'scope') {
        scopes.add(touch.scope);
        continue;
      }
      const scope = touch.touch === 'holder' ? this.#known.get(`${touch.type}|${touch.id}`) : undefined;
      if (scope === undefined) return undefined;
      scopes.add(scope);
    }
    const acls = new Set<ScopeId>();
    for (const scope of scopes) {
      const acl = this.#aclOf(scope);
      if (acl === undefined) return undefined;
      acls.add(acl);
    }
    return { scopes: [...scopes].sort(), acls: [...acls].sort() };
  }

  /** The same for many, in one or two questions to the database. What is absent adds nothing. */
  async find(many: Touch[][]): Promise<{ scopes: ScopeId[]; acls: ScopeId[] }[]> {
    const wants = {
      task: [],
      label: [],
      thread: [],
      run: [],
      acls: [],
      members: [],
      memberships: [],
      account: [],
    } as Record<keyof LookupAnswer, string[]>;
    for (const touch of many.flat()) {
      if (touch.touch === 'holder' && !this.#known.has(`${touch.type}|${touch.id}`)) wants[touch.type].push(touch.id);
      else if (touch.touch === 'members') wants.members.push(scopeOf('list', touch.listId));
      else if (touch.touch === 'memberships') wants.memberships.push(scopeOf('user', touch.userId));
      else if (touch.touch === 'account') wants.account.push(touch.email);
    }
    const found = await this.#lookUp(JSON.stringify({ ...wants, isWordEnough: this.isWordEnough }));
    for (const type of ['task', 'label', 'thread', 'run'] as const) {
      for (const [id, scope] of found[type] ?? []) this.learn(type, id, scope as ScopeId);
    }
    const scopesOf = many.map((touches) => [...new Set(touches.flatMap((touch) => this.#follow(touch, found)))].sort());
    const unknown = scopesOf.flat().filter((scope) => this.#aclOf(scope) === undefined);
    if (unknown.length > 0) {
      const { acls } = await this.#lookUp(JSON.stringify({ acls: unknown }));
      for (const [scope, acl] of acls ?? []) this.learnAcl(scope as ScopeId, acl as ScopeId);
    }
    return scopesOf.map((scopes) => ({
      scopes,
      // A scope that is not there has no acl to lock: its command will be told that it is not there.
      acls: [...new Set(scopes.flatMap((scope) => this.#aclOf(scope) ?? []))].sort(),
    }));
  }

  #follow(touch: Touch, found: LookupAnswer): ScopeId[] {
    switch (touch.touch) {
      case 'scope':
        return [touch.scope];
      case 'holder': {
        const scope = this.#known.get(`${touch.type}|${touch.id}`);
        return scope ? [scope] : [];
      }
      case 'members': {
        const acl = scopeOf('list', touch.listId);
        return (found.members ?? []).filter(([id]) => id === acl).map(([, subject]) => scopeOf('user', subject));
      }
      case 'memberships': {
        const of = scopeOf('user', touch.userId);
        return (found.memberships ?? []).filter(([scope]) => scope === of).map(([, list]) => scopeOf('list', list));
      }
      case 'account':
        return (found.account ?? []).filter(([email]) => email === touch.email).map(([, id]) => scopeOf('user', id));
    }
  }

  #aclOf(scope: ScopeId): ScopeId | undefined {
    return parseScope(scope).kind === 'thread' ? this.#known.get(`acl|${scope}`) : scope;
  }

  #set(key: string, value: ScopeId): void {
    this.#known.delete(key);
    this.#known.set(key, value);
    if (this.#known.size > MOST_ENTRIES) this.#known.delete(this.#known.keys().next().value as string);
  }
}
