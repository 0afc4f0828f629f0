import type { Profile as PublicProfile } from '@muster/protocol/principal';
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { v4 } from 'uuid';
import { PAGE, pageOf, toText, type PageEntity } from './entity-pages.ts';
import { StorageFault } from './storage-faults.ts';
import type { FormerMutation, PendingMutation, StoredScope, Under } from './types.ts';

/** One person's part of the database. A browser that two people use keeps both. */
export interface ProfileRow {
  key: string;
  clientId: string;
  userId: string | null;
  nextMid: number;
}

/** A scope's head. `pages` and `size` say how much content belongs to it: less or more than that is torn. */
export interface ScopeRow extends StoredScope {
  profile: string;
  pages: number;
  size: number;
}

/** Many entities in one record, as text: 50,000 records of one each take seconds to read. */
export interface PageRow {
  profile: string;
  scope: string;
  page: number;
  text: string;
}

export type PendingRow = PendingMutation & { profile: string };
export type AcknowledgedRow = PendingRow & Under;
export type FormerRow = FormerMutation & { profile: string };

export interface Schema extends DBSchema {
  meta: { key: string; value: string };
  profiles: { key: string; value: ProfileRow };
  scopes: { key: [string, string]; value: ScopeRow };
  pages: { key: [string, string, number]; value: PageRow };
  pending: { key: [string, number]; value: PendingRow };
  acknowledged: { key: [string, number]; value: AcknowledgedRow };
  former: { key: [string, string, number]; value: FormerRow };
  people: { key: [string, string]; value: PublicProfile & { id: string; profile: string } };
}

export type Database = IDBPDatabase<Schema>;
export type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

/** In `meta`: the profile that was used last; nobody's after someone signed out. */
export const CURRENT = 'current';
export const NOBODY = 'nobody';
/** In `meta`: another one in each store that is made, so that tabs find out that theirs was thrown away. */
export const MARK = 'mark';

/** Everything under a key's prefix: arrays sort behind strings and numbers. */
export const under = (...prefix: string[]): IDBKeyRange => IDBKeyRange.bound(prefix, [...prefix, []]);

/** What the first version kept, a record each. */
interface FirstEntity {
  profile: string;
  scope: string;
  type: string;
  id: string;
  value: Record<string, unknown>;
}

/** From each version to the next; what a store holds of this page's version has passed them all. Only ever added to. */
const UPGRADES: ((database: Database, tx: Upgrade) => Promise<void>)[] = [
  async (database) => {
    database.createObjectStore('meta');
    database.createObjectStore('profiles', { keyPath: 'key' });
    database.createObjectStore('scopes', { keyPath: ['profile', 'scope'] });
    const first = database as unknown as IDBPDatabase;
    first.createObjectStore('entities', { keyPath: ['profile', 'scope', 'type', 'id'] });
    database.createObjectStore('pending', { keyPath: ['profile', 'mid'] });
    database.createObjectStore('people', { keyPath: ['profile', 'id'] });
  },
  async (database, tx) => {
    database.createObjectStore('pages', { keyPath: ['profile', 'scope', 'page'] });
    database.createObjectStore('acknowledged', { keyPath: ['profile', 'mid'] });
    const entities = (tx as unknown as IDBPTransaction<unknown, string[], 'versionchange'>).objectStore('entities');
    for (const head of await tx.objectStore('scopes').getAll()) {
      const found = (await entities.getAll(under(head.profile, head.scope))) as FirstEntity[];
      const isWhole = found.every(({ value }) => typeof value === 'object' && value !== null);
      // What cannot be read is asked for again, by having no head.
      if (isWhole) await putScope(tx, head, found);
      else await tx.objectStore('scopes').delete([head.profile, head.scope]);
    }
    (database as unknown as IDBPDatabase).deleteObjectStore('entities');
    // Until now signing out left no note at all; a note that is missing means a torn store from here on.
    const meta = tx.objectStore('meta');
    if ((await meta.get(CURRENT)) === undefined) await meta.put(NOBODY, CURRENT);
  },
  async (database) => {
    database.createObjectStore('former', { keyPath: ['profile', 'clientId', 'mid'] });
  },
];

export const VERSION = UPGRADES.length;

interface ScopeWriter {
  objectStore(name: 'scopes'): { put?(row: ScopeRow): Promise<unknown> };
  objectStore(name: 'pages'): { put?(row: PageRow): Promise<unknown> };
}

/** Writes a scope's head and content anew; its old pages are the caller's to remove. */
export async function putScope(
  tx: ScopeWriter,
  { profile, scope, seq, logEpoch, aclEpoch }: StoredScope & { profile: string },
  entities: readonly PageEntity[],
): Promise<void> {
  const pages = Math.max(1, Math.ceil(entities.length / PAGE));
  const parts = Array.from({ length: pages }, (): PageEntity[] => []);
  for (const entity of entities) parts[pageOf(entity, pages)]?.push(entity);
  const [heads, contents] = [tx.objectStore('scopes'), tx.objectStore('pages')];
  await Promise.all([
    ...parts.map((part, page) => contents.put?.({ profile, scope, page, text: toText(part) })),
    heads.put?.({ profile, scope, seq, logEpoch, aclEpoch, pages, size: entities.length }),
  ]);
}

async function runUpgrades(database: Database, from: number, tx: Upgrade): Promise<void> {
  try {
    for (const upgrade of UPGRADES.slice(from)) await upgrade(database, tx);
    if (from === 0) await tx.objectStore('meta').put(v4(), MARK);
  } catch {
    // All of it or nothing: opening fails, and the store stays what it was.
    tx.abort();
  }
}

/**
 * @param ended the connection is of no use any more; `isOver`: the store was thrown away, or the browser ended it
 * @throws {StorageFault} `newer` where a later version made this database: it is not touched
 */
export async function openDatabase(name: string, ended: (isOver: boolean) => void): Promise<Database> {
  try {
    return await openDB<Schema>(name, VERSION, {
      upgrade: (database, from, _to, tx) => void runUpgrades(database, from, tx),
      // A newer page in another tab wants to upgrade, or somebody deletes it: step aside, or they would wait for ever.
      blocking(_current, blocked, event) {
        (event.target as IDBDatabase).close();
        ended(blocked === null);
      },
      terminated: () => ended(true),
    });
  } catch (error) {
    throw (error as Error)?.name === 'VersionError' ? new StorageFault('newer', error) : error;
  }
}
