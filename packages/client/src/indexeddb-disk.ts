import type { IDBPTransaction, StoreNames } from 'idb';
import { putBack, readMark } from './indexeddb-put-back.ts';
import { openDatabase, type Database, type ProfileRow, type Schema } from './indexeddb-schema.ts';
import { StorageFault } from './storage-faults.ts';

export type Writing<N extends StoreNames<Schema>[]> = IDBPTransaction<Schema, N, 'readwrite'>;

const isQuota = (error: unknown): boolean => (error as Error | null)?.name === 'QuotaExceededError';

/** The connection was ended under a transaction, or before it: nothing of it was done. */
const isCutOff = (error: unknown): boolean =>
  ['AbortError', 'InvalidStateError'].includes((error as Error | null)?.name ?? '');

/** Together 5 s: an edit that finds no store until then goes on in memory. */
const [FIRST_WAIT_MS, LAST_WAIT_MS] = [40, 2_560];

/** The open database, and whose part of it is used. */
export class Disk {
  readonly name: string;
  /** The key of the profile in use, once known. */
  profile: string | undefined;
  /** Its row as it was last seen: what is put back where the browser throws the store away under the page. */
  known: ProfileRow | undefined;
  #opened: Promise<Database> | undefined;
  /** Of the store that was open last: it tells that another one stands in its place. */
  #mark: Promise<string | undefined> | undefined;
  #cleared: () => void = () => undefined;

  constructor(name: string) {
    this.name = name;
  }

  know(change: Partial<ProfileRow>): void {
    if (this.known) this.known = { ...this.known, ...change };
  }

  /** Called where the browser has thrown the store away: the profile is there again, empty. */
  onCleared(hear: () => void): void {
    this.#cleared = hear;
  }

  /** One that the browser ended (its data was cleared, a newer page upgraded) is opened anew. */
  database(): Promise<Database> {
    if (this.#opened) return this.#opened;
    const opened: Promise<Database> = this.#open((isOver) => {
      if (this.#opened === opened) this.#opened = undefined;
      // What the page holds is stored again now, not when something is next written.
      if (isOver) this.database().catch(() => undefined);
    }).catch((error: unknown) => {
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    });
    return (this.#opened = opened);
  }

  async #open(ended: (isOver: boolean) => void): Promise<Database> {
    const database = await this.#openInTheEnd(ended);
    const mark = readMark(database);
    if (this.#mark && this.known && (await mark) !== (await this.#mark)) {
      await putBack(database, this.known);
      this.#cleared();
    }
    this.#mark = mark.catch(() => undefined);
    return database;
  }

  /** While a browser is still throwing data away, it refuses to open any. */
  async #openInTheEnd(ended: (isOver: boolean) => void): Promise<Database> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      try {
        return await openDatabase(this.name, ended);
      } catch (error) {
        if (!isCutOff(error) || waitMs > LAST_WAIT_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
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
    const opened = this.database();
    try {
      return await this.#write((await opened).transaction(names, 'readwrite', { durability }), run);
    } catch (error) {
      if (!isCutOff(error)) throw error;
      if (this.#opened === opened) this.#opened = undefined;
      return this.#write((await this.database()).transaction(names, 'readwrite', { durability }), run);
    }
  }

  async #write<N extends StoreNames<Schema>[], T>(tx: Writing<N>, run: (tx: Writing<N>) => Promise<T>): Promise<T> {
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
