import type { Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { ClientRecord, ScopeRecord } from './facts.ts';
import type { TaskRecord } from './task-record.ts';

interface Change {
  map: Map<string, unknown>;
  key: string;
  had: boolean;
  old: unknown;
}

/** What a batch's commands have written so far, above the facts. A rejected command's writes are taken back. */
export class Overlay {
  readonly tasks = new Map<string, TaskRecord>();
  /** Null: deleted. */
  readonly entities = new Map<string, Stored | null>();
  readonly scopes = new Map<string, ScopeRecord>();
  readonly created = new Set<string>();
  readonly epochs = new Map<string, number>();
  readonly clients = new Map<string, ClientRecord>();
  readonly lastMembership = new Map<string, string>();
  /** Keys given out in a scope, stale ones too: they only ever make a place narrower, never wrong. */
  readonly #poses = new Map<ScopeId, string[]>();
  #journal: Change[] = [];
  #createdSince: string[] = [];
  #posesSince: ScopeId[] = [];

  set<V>(map: Map<string, V>, key: string, value: V): void {
    this.#journal.push({ map: map as Map<string, unknown>, key, had: map.has(key), old: map.get(key) });
    map.set(key, value);
  }

  create(scope: ScopeId, record: ScopeRecord): void {
    this.set(this.scopes, scope, record);
    this.created.add(scope);
    this.#createdSince.push(scope);
  }

  addPos(scope: ScopeId, pos: string): void {
    const poses = this.#poses.get(scope);
    if (poses) poses.push(pos);
    else this.#poses.set(scope, [pos]);
    this.#posesSince.push(scope);
  }

  posesOf(scope: ScopeId): readonly string[] {
    return this.#poses.get(scope) ?? [];
  }

  /** What was written until now stays. */
  keep(): void {
    this.#journal = [];
    this.#createdSince = [];
    this.#posesSince = [];
  }

  /** Takes back what was written since the last {@link keep}. */
  rollBack(): void {
    for (const { map, key, had, old } of this.#journal.reverse()) {
      if (had) map.set(key, old);
      else map.delete(key);
    }
    for (const scope of this.#createdSince) this.created.delete(scope);
    for (const scope of this.#posesSince) this.#poses.get(scope)?.pop();
    this.keep();
  }
}
