import type { ScopeId } from '@muster/protocol/id';
import { nameKey } from './ref.ts';
import { isFault } from './storage-faults.ts';
import type { StoragePort, StoredEntity } from './types.ts';

interface PacketWrite {
  scope: ScopeId;
  logEpoch: string;
  from: number;
  to: number;
  aclEpoch: number;
  /** The last value of each entity; undefined: deleted. */
  values: Map<string, { type: string; id: string; value: StoredEntity['value'] | undefined }>;
}

/**
 * Storage's one queue: what is written later never lands earlier, so a mutation leaves the disk only after the content
 * that confirms it is there. Packets that wait are written as one. Only a person's edit goes before what waits: until it
 * is on disk, it is lost with the page.
 */
export class StorageWriter {
  #storage: Promise<StoragePort>;
  readonly #log: (message: string, details?: unknown) => void;
  /** Scopes whose content the disk can do without: the server has it, and nobody looks at it. */
  readonly #spare: () => ScopeId[];
  /** Space ran out before: content that nobody looks at is not written any more. */
  #isTight = false;
  #last: Promise<unknown> = Promise.resolve();
  #lastEdit: Promise<unknown> = Promise.resolve();
  /** What says whose the store is, and under which clientId: an edit goes before or after it, as it was made. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  #waiting: PacketWrite | undefined;

  constructor(
    storage: StoragePort | Promise<StoragePort>,
    log: (message: string, details?: unknown) => void,
    spare: () => ScopeId[] = () => [],
  ) {
    this.#storage = Promise.resolve(storage);
    this.#log = log;
    this.#spare = spare;
  }

  /** Goes on with another storage, where the first cannot be used at all. */
  use(storage: Promise<StoragePort>): void {
    this.#storage = storage;
  }

  /**
   * Runs a job after all before it. Its failure is the caller's to handle, and stops nothing. Where no space is left,
   * content that nobody looks at makes room, and it is tried again.
   */
  run<T>(job: (storage: StoragePort) => Promise<T>): Promise<T> {
    this.#waiting = undefined;
    const done = Promise.all([this.#last, this.#lastEdit]).then(() => this.#attempt(job));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** The same for a job after which the store is somebody else's, or has another clientId: edits keep their place to it. */
  turn<T>(job: (storage: StoragePort) => Promise<T>): Promise<T> {
    const done = this.run(job);
    this.#lastTurn = done.catch(() => undefined);
    return done;
  }

  /** Begins in the task that asks for it, where no other edit is being written, however much content waits. */
  edit<T>(job: (storage: StoragePort) => Promise<T>): Promise<T> {
    const done = Promise.all([this.#lastEdit, this.#lastTurn]).then(() => this.#attempt(job));
    this.#lastEdit = done.catch(() => undefined);
    return done;
  }

  /** The same where nobody waits: a failure is logged. */
  later(job: (storage: StoragePort) => Promise<unknown>): void {
    this.run(job).catch((error: unknown) => this.#log('storage failed', { error }));
  }

  /** The whole content of a scope. */
  content(scope: ScopeId, job: (storage: StoragePort) => Promise<unknown>): void {
    if (!this.#isTight || !this.#spare().includes(scope)) this.later(job);
  }

  packet(
    write: Omit<PacketWrite, 'values'>,
    entities: Iterable<{ type: string; id: string; value: StoredEntity['value'] | undefined }>,
  ): void {
    const waiting = this.#waiting;
    if (
      waiting &&
      waiting.scope === write.scope &&
      waiting.logEpoch === write.logEpoch &&
      waiting.to + 1 === write.from
    ) {
      waiting.to = write.to;
      waiting.aclEpoch = write.aclEpoch;
      for (const entity of entities) waiting.values.set(nameKey(entity.type, entity.id), entity);
      return;
    }
    const next: PacketWrite = { ...write, values: new Map() };
    for (const entity of entities) next.values.set(nameKey(entity.type, entity.id), entity);
    this.later(async (storage) => {
      if (this.#waiting === next) this.#waiting = undefined;
      const puts: StoredEntity[] = [];
      const dels: { type: string; id: string }[] = [];
      for (const { type, id, value } of next.values.values()) {
        if (value) puts.push({ scope: next.scope, type, id, value });
        else dels.push({ type, id });
      }
      await storage.applyPacket(next.scope, next.logEpoch, next.from, next.to, next.aclEpoch, puts, dels);
    });
    this.#waiting = next;
  }

  async #attempt<T>(job: (storage: StoragePort) => Promise<T>): Promise<T> {
    const storage = await this.#storage;
    try {
      return await job(storage);
    } catch (error) {
      if (!isFault(error, 'full')) throw error;
      this.#isTight = true;
      await storage.evict(this.#spare());
      return job(storage);
    }
  }

  idle(): Promise<unknown> {
    return Promise.all([this.#last, this.#lastEdit]);
  }
}
