import type { PlainType } from '../mappers.ts';

/** Keys of the load: what commit_load_more knows how to find. */
export type LoadKey =
  | PlainType
  | 'tasks'
  | 'last'
  | 'children'
  | 'next'
  | 'after'
  | 'allTasks'
  | 'member'
  | 'merged'
  | 'scopes'
  | 'roles'
  | 'allMember'
  | 'allLabel'
  | 'allThread'
  | 'allMembership'
  | 'allRun'
  | 'items'
  | 'lastMembership'
  | 'account'
  | 'link'
  | 'invitation'
  | 'answers'
  | 'idempotency'
  | 'toolCalls'
  | 'authors';

/** Asked of the database: each key's items by their JSON, so that nothing is asked twice. */
export class Wants {
  readonly #items = new Map<LoadKey, Map<string, unknown>>();

  add(key: LoadKey, item: unknown): void {
    let items = this.#items.get(key);
    if (!items) this.#items.set(key, (items = new Map()));
    items.set(typeof item === 'string' ? item : JSON.stringify(item), item);
  }

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  /** What was asked under a key, and forgets it. */
  take(key: LoadKey): string[] {
    const items = this.#items.get(key);
    this.#items.delete(key);
    return items ? [...(items.values() as Iterable<string>)] : [];
  }

  entries(): [LoadKey, unknown[]][] {
    return [...this.#items].map(([key, items]) => [key, [...items.values()]]);
  }

  of(key: LoadKey): unknown[] {
    return [...(this.#items.get(key)?.values() ?? [])];
  }

  has(key: LoadKey): boolean {
    return this.#items.has(key);
  }

  toJson(): string {
    return JSON.stringify(Object.fromEntries(this.entries()));
  }
}
