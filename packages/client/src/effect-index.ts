import type { Effect } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import { compareIntents, type Intent } from './intent.ts';
import { kindKey, nameKey, type Ref } from './ref.ts';

export interface Entry {
  intent: Intent;
  effect: Effect;
}

const NO_ENTRIES: readonly Entry[] = [];

/** Which waiting effects lie over an entity, in the queue's order: what makes folding one entity cheap. */
export class EffectIndex {
  readonly #kinds = new Map<string, Map<string, Entry[]>>();
  readonly #scopesByName = new Map<string, Set<ScopeId>>();

  of({ scope, type, id }: Ref): readonly Entry[] {
    return this.#kinds.get(kindKey(scope, type))?.get(id) ?? NO_ENTRIES;
  }

  /** By id, for all entities of a type in a scope that anything waits for. */
  kind(scope: ScopeId, type: string): ReadonlyMap<string, readonly Entry[]> | undefined {
    return this.#kinds.get(kindKey(scope, type));
  }

  scopes(type: string, id: string): ReadonlySet<ScopeId> | undefined {
    return this.#scopesByName.get(nameKey(type, id));
  }

  add(intent: Intent): void {
    for (const { scope, effect } of intent.effects) {
      const { type, id } = effect;
      const kind = this.#kinds.get(kindKey(scope, type)) ?? new Map<string, Entry[]>();
      this.#kinds.set(kindKey(scope, type), kind);
      const entries = kind.get(id) ?? [];
      kind.set(id, entries);
      entries.push({ intent, effect });
      if (entries.length > 1) entries.sort((a, b) => compareIntents(a.intent, b.intent));
      const scopes = this.#scopesByName.get(nameKey(type, id)) ?? new Set();
      this.#scopesByName.set(nameKey(type, id), scopes.add(scope));
    }
  }

  remove(intent: Intent): void {
    for (const { scope, type, id } of refsOf(intent)) {
      const kind = this.#kinds.get(kindKey(scope, type));
      const left = (kind?.get(id) ?? []).filter((entry) => entry.intent !== intent);
      if (left.length > 0) {
        kind?.set(id, left);
        continue;
      }
      if (kind?.delete(id) && kind.size === 0) this.#kinds.delete(kindKey(scope, type));
      const scopes = this.#scopesByName.get(nameKey(type, id));
      if (scopes?.delete(scope) && scopes.size === 0) this.#scopesByName.delete(nameKey(type, id));
    }
  }

  /** After mids were given: the order within each entity follows the queue's. */
  sort(): void {
    for (const kind of this.#kinds.values()) {
      for (const entries of kind.values()) entries.sort((a, b) => compareIntents(a.intent, b.intent));
    }
  }
}

export const refsOf = (intent: Intent): Ref[] =>
  intent.effects.map(({ scope, effect }) => ({ scope, type: effect.type, id: effect.id }));
