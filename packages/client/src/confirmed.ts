import type { Change } from '@muster/protocol/change';
import type { WireEntity } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import { entitiesIn } from './entity-pages.ts';
import { applyEffect, isSame, nameKey, type Content, type Ref, type Touched, type Value } from './ref.ts';
import { Tombstones } from './tombstones.ts';
import type { StoredScope } from './types.ts';

interface Holding {
  seq: number;
  logEpoch: string;
  aclEpoch: number;
  size: number;
  byType: Content;
}

/** A reader that does not know an op cannot know what the change did: the scope stops until there is a newer page. */
export class UnknownOp extends Error {}

const KNOWN_OPS: ReadonlySet<string> = new Set(['put', 'patch', 'del']);
const NONE: ReadonlyMap<string, Value> = new Map();

/** What the server has said, by scope, type and id. In a scope all readers pass through the same states. */
export class Confirmed {
  readonly tombstones = new Tombstones();
  readonly #scopes = new Map<ScopeId, Holding>();
  /** Which scopes hold an entity of this name; the last one put stands last. */
  readonly #holders = new Map<string, Map<string, ScopeId | ScopeId[]>>();

  scopes(): ScopeId[] {
    return [...this.#scopes.keys()];
  }

  position(scope: ScopeId): StoredScope | undefined {
    const content = this.#scopes.get(scope);
    return content && { scope, seq: content.seq, logEpoch: content.logEpoch, aclEpoch: content.aclEpoch };
  }

  size(scope: ScopeId): number {
    return this.#scopes.get(scope)?.size ?? 0;
  }

  value({ scope, type, id }: Ref): Value | undefined {
    return this.#scopes.get(scope)?.byType.get(type)?.get(id);
  }

  ofType(scope: ScopeId, type: string): ReadonlyMap<string, Value> {
    return this.#scopes.get(scope)?.byType.get(type) ?? NONE;
  }

  entities(scope: ScopeId): Iterable<WireEntity> {
    return entitiesIn(this.#scopes.get(scope)?.byType ?? new Map()) as Iterable<WireEntity>;
  }

  holders(type: string, id: string): readonly ScopeId[] {
    const held = this.#holders.get(type)?.get(id);
    return held === undefined ? [] : typeof held === 'string' ? [held] : held;
  }

  /** Takes a scope as the disk held it, for its own: fifty thousand entities are not to be looked at one by one. */
  hydrate(head: StoredScope, byType: Content): void {
    const content = this.#create(head);
    content.byType = byType;
    for (const [type, byId] of byType) {
      content.size += byId.size;
      for (const id of byId.keys()) this.#hold(type, id, head.scope);
    }
  }

  /** Replaces a scope's content as an open's answer told it. */
  replace(head: StoredScope, entities: readonly WireEntity[], touched: Touched): void {
    const kept = new Map(entities.map((entity) => [nameKey(entity.type, entity.id), entity]));
    const content = this.#scopes.get(head.scope) ?? this.#create(head);
    for (const ref of this.#refs(head.scope, content)) {
      if (!kept.has(nameKey(ref.type, ref.id))) this.#set(content, ref, undefined, touched);
    }
    for (const { type, id, value } of kept.values()) {
      const ref = { scope: head.scope, type, id };
      // What reads the same stays the same object, or a reconnect would paint everything again.
      if (!isSame(this.value(ref), value)) this.#set(content, ref, value, touched);
    }
    content.seq = head.seq;
    content.logEpoch = head.logEpoch;
    content.aclEpoch = head.aclEpoch;
  }

  /**
   * Applies contiguous changes whose first is the scope's seq + 1.
   * @throws {UnknownOp} and leaves the scope as it was
   */
  apply(scope: ScopeId, changes: readonly Change[], to: number, aclEpoch: number, touched: Touched): void {
    const content = this.#scopes.get(scope);
    if (!content) return;
    if (changes.some(({ effects }) => effects.some(({ op }) => !KNOWN_OPS.has(op)))) throw new UnknownOp();
    for (const change of changes) {
      for (const effect of change.effects) {
        const ref: Ref = { scope, type: effect.type, id: effect.id };
        const before = this.value(ref);
        if (before && effect.op === 'del' && ref.type === 'task') this.tombstones.add(ref, before, change.txnId);
        if (effect.op === 'put' && ref.type === 'task') this.tombstones.remove(ref.id);
        this.#set(content, ref, applyEffect(before, effect), touched);
      }
    }
    content.seq = to;
    content.aclEpoch = aclEpoch;
  }

  drop(scope: ScopeId, touched: Touched): void {
    const content = this.#scopes.get(scope);
    this.tombstones.dropScope(scope);
    if (!content) return;
    for (const ref of this.#refs(scope, content)) this.#set(content, ref, undefined, touched);
    this.#scopes.delete(scope);
  }

  #create({ scope, seq, logEpoch, aclEpoch }: StoredScope): Holding {
    const content: Holding = { seq, logEpoch, aclEpoch, size: 0, byType: new Map() };
    this.#scopes.set(scope, content);
    return content;
  }

  #refs(scope: ScopeId, content: Holding): Ref[] {
    return [...content.byType].flatMap(([type, byId]) => [...byId.keys()].map((id) => ({ scope, type, id })));
  }

  #set(content: Holding, ref: Ref, value: Value | undefined, touched: Touched): void {
    const before = content.byType.get(ref.type)?.get(ref.id);
    if (before === value) return;
    touched.add(ref, before);
    if (value === undefined) {
      content.byType.get(ref.type)?.delete(ref.id);
      content.size -= 1;
      return this.#release(ref);
    }
    const byId = content.byType.get(ref.type) ?? new Map<string, Value>();
    content.byType.set(ref.type, byId);
    byId.set(ref.id, value);
    if (before !== undefined) return;
    content.size += 1;
    this.#hold(ref.type, ref.id, ref.scope);
  }

  #hold(type: string, id: string, scope: ScopeId): void {
    const byId = this.#holders.get(type) ?? new Map<string, ScopeId | ScopeId[]>();
    this.#holders.set(type, byId);
    const others = this.holders(type, id).filter((other) => other !== scope);
    byId.set(id, others.length > 0 ? [...others, scope] : scope);
  }

  #release({ scope, type, id }: Ref): void {
    const others = this.holders(type, id).filter((other) => other !== scope);
    if (others.length > 0) this.#holders.get(type)?.set(id, others);
    else this.#holders.get(type)?.delete(id);
  }
}
