import type { IDBPTransaction, StoreNames } from 'idb';
import { openDatabase, type Database, type Schema } from './indexeddb-schema.ts';
import { StorageFault } from './storage-faults.ts';

export type Writing<N extends StoreNames<Schema>[]> = IDBPTransaction<Schema, N, 'readwrite'>;

const isQuota = (error: unknown): boolean => (error as Error | null)?.name === 'QuotaExceededError';

/** The open database, and whose part of it is used. */
export class Disk {
  readonly name: string;
  /** The key of the profile in use, once known. */
  profile: string | undefined;
  #opened: Promise<Database> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** One that the browser ended (its data was cleared, a newer page upgraded) is opened anew. */
  database(): Promise<Database> {
    const forget = (): void => void (this.#opened = undefined);
    return (this.#opened ??= openDatabase(this.name, forget).catch((error: unknown) => {
      forget();
      throw error;
    }));
  }

  /**
   * One transaction, all of it or nothing.
   * @throws {StorageFault} `full` where the browser gives no more space
   */
  async write<N extends StoreNames<Schema>[], T>(
    names: N,
    durability: 'strict' | 'relaxed',
    run: (tx: Writing<N>) => Promise<T>,
  ): Promise<T> {
    const tx = (await this.database()).transaction(names, 'readwrite', { durability });
    tx.done.catch(() => undefined);
    try {
      const result = await run(tx);
      await tx.done;
      return result;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // It has ended already.
      }
      // The transaction knows why; its requests only say that it was aborted.
      if (isQuota(error) || isQuota(tx.error)) throw new StorageFault('full', error);
      throw tx.error ?? error;
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened?.catch(() => undefined))?.close();
  }
}
