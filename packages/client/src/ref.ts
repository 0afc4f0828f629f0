import type { Effect } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';

export { isSame } from '@muster/domain/is-same';

/** An entity's value as it stands in the log: unknown fields are kept verbatim. Never mutated, always replaced. */
export type Value = Record<string, unknown>;

/** A scope's entities, by type and id. */
export type Content = Map<string, Map<string, Value>>;

/** Where an entity is: ids of `member` and `membership` repeat from scope to scope. */
export interface Ref {
  scope: ScopeId;
  type: string;
  id: string;
}

export const refKey = ({ scope, type, id }: Ref): string => `${scope} ${type} ${id}`;
export const nameKey = (type: string, id: string): string => `${type} ${id}`;
export const kindKey = (scope: ScopeId, type: string): string => `${scope} ${type}`;
/** Where tasks stand, read apart from what they say: or each new title would place every waiting task again. */
export const PLACE = 'task place';

/** What one step changed, each entity with its confirmed value as it was before the step. */
export class Touched {
  readonly refs = new Map<string, { ref: Ref; before: Value | undefined }>();

  add(ref: Ref, before: Value | undefined): void {
    const key = refKey(ref);
    if (!this.refs.has(key)) this.refs.set(key, { ref, before });
  }
}

/** What an effect makes of a value: patch and del of what is absent do nothing. */
export function applyEffect(value: Value | undefined, effect: Effect): Value | undefined {
  if (effect.op === 'put') return effect.value;
  if (effect.op === 'del') return undefined;
  return value && { ...value, ...effect.fields };
}
