import type { ScopeId } from '@muster/protocol/id';
import type { Ref, Value } from './ref.ts';

const KEPT = 500;

interface Tombstone {
  ref: Ref;
  value: Value;
  /** What went together: the change's txnId. */
  group: string;
}

/** The tasks deleted of late, so that bringing one back paints at once. The server holds the real ones, for 30 days. */
export class Tombstones {
  readonly #byId = new Map<string, Tombstone>();

  add(ref: Ref, value: Value, group: string): void {
    this.#byId.delete(ref.id);
    this.#byId.set(ref.id, { ref, value, group });
    const oldest = this.#byId.size > KEPT ? this.#byId.keys().next().value : undefined;
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  get(taskId: string): Tombstone | undefined {
    return this.#byId.get(taskId);
  }

  remove(taskId: string): void {
    this.#byId.delete(taskId);
  }

  /** Those whose parent is the task and that went in the same transaction. */
  childrenOf(taskId: string): Tombstone[] {
    const group = this.#byId.get(taskId)?.group;
    return [...this.#byId.values()].filter((child) => child.value.parentId === taskId && child.group === group);
  }

  in(scope: ScopeId): Tombstone[] {
    return [...this.#byId.values()].filter(({ ref }) => ref.scope === scope);
  }

  dropScope(scope: ScopeId): void {
    for (const { ref } of this.in(scope)) this.#byId.delete(ref.id);
  }
}
