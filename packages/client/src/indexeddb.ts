import type { Profile as PublicProfile } from '@muster/protocol/principal';
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { v4 } from 'uuid';
import { createBrowserTabs } from './browser-tabs.ts';
import type { PendingMutation, StoragePort, StoredEntity, StoredScope, Waiting } from './types.ts';

/** One person's part of the database. A browser that two people use keeps both. */
interface Profile {
  key: string;
  clientId: string;
  userId: string | null;
  nextMid: number;
}

interface Schema extends DBSchema {
  meta: { key: string; value: string };
  profiles: { key: string; value: Profile };
  scopes: { key: [string, string]; value: StoredScope & { profile: string } };
  entities: { key: [string, string, string, string]; value: StoredEntity & { profile: string } };
  pending: { key: [string, number]; value: PendingMutation & { profile: string } };
  people: { key: [string, string]; value: PublicProfile & { id: string; profile: string } };
}

const CURRENT = 'current';
const STORES = ['meta', 'profiles', 'scopes', 'entities', 'pending', 'people'] as const;

/** Everything under a key's prefix: arrays sort behind strings and numbers. */
const under = (...prefix: string[]) => IDBKeyRange.bound(prefix, [...prefix, []]);

const open = (name: string, ended: () => void) =>
  openDB<Schema>(name, 1, {
    upgrade(database) {
      database.createObjectStore('meta');
      database.createObjectStore('profiles', { keyPath: 'key' });
      database.createObjectStore('scopes', { keyPath: ['profile', 'scope'] });
      database.createObjectStore('entities', { keyPath: ['profile', 'scope', 'type', 'id'] });
      database.createObjectStore('pending', { keyPath: ['profile', 'mid'] });
      database.createObjectStore('people', { keyPath: ['profile', 'id'] });
    },
    // A newer page in another tab wants to upgrade: step aside, or it would wait for ever.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      ended();
    },
    terminated: ended,
  });

const toPending = ({ mid, nonce, name, args, base, queuedAt, seqs }: PendingMutation): PendingMutation => ({
  mid,
  nonce,
  name,
  args,
  base,
  queuedAt,
  seqs,
});

type ProfileStores = IDBPTransaction<Schema, ('meta' | 'profiles' | 'pending')[], 'readwrite'>;

/**
 * Keeps confirmed content and the queue in IndexedDB, shared by the tabs of one browser. What is queued is on disk before
 * it is sent; confirmed content may lag behind (it can be fetched again), but is never torn.
 */
export function createIndexedDbStorage(name = 'muster'): StoragePort {
  let opened: Promise<IDBPDatabase<Schema>> | undefined;
  let pinned: string | undefined;
  // One that the browser ended (its data was cleared, a newer page upgraded) is opened anew.
  const database = () => (opened ??= open(name, () => (opened = undefined)));

  async function makeProfile(tx: ProfileStores, userId: string | null): Promise<Profile> {
    const profile: Profile = { key: v4(), clientId: v4(), userId, nextMid: 1 };
    await tx.objectStore('profiles').put(profile);
    return profile;
  }

  async function own(): Promise<string> {
    if (pinned) return pinned;
    await storage.identity();
    return pinned as unknown as string;
  }

  async function listPending(): Promise<PendingMutation[]> {
    const key = await own();
    return (await (await database()).getAll('pending', under(key))).map(toPending);
  }

  type Row = Schema['pending']['value'];

  /** Changes what waits under these mids, where it still is what the caller means; undefined removes it. */
  async function rewrite(waiting: Waiting[], change: (was: Row) => Row | undefined): Promise<void> {
    const key = await own();
    const tx = (await database()).transaction('pending', 'readwrite');
    for (const { mid, nonce } of waiting) {
      const was = await tx.store.get([key, mid]);
      if (was?.nonce !== nonce) continue;
      const now = change(was);
      await (now ? tx.store.put(now) : tx.store.delete([key, mid]));
    }
    await tx.done;
  }

  const storage: StoragePort = {
    tabs: createBrowserTabs(name),

    async identity() {
      const tx = (await database()).transaction(['meta', 'profiles'], 'readwrite');
      const profiles = tx.objectStore('profiles');
      const current = await tx.objectStore('meta').get(CURRENT);
      const profile =
        (pinned !== undefined && (await profiles.get(pinned))) ||
        (current !== undefined && (await profiles.get(current))) ||
        (await makeProfile(tx, null));
      await tx.objectStore('meta').put(profile.key, CURRENT);
      await tx.done;
      pinned = profile.key;
      return { clientId: profile.clientId, userId: profile.userId, nextMid: profile.nextMid };
    },

    async setUser(userId) {
      const key = await own();
      const tx = (await database()).transaction('profiles', 'readwrite');
      const profiles = await tx.store.getAll();
      const profile = profiles.find((one) => one.key === key);
      const isFree = profiles.every((one) => one.key === key || one.userId !== userId);
      if (profile && isFree) await tx.store.put({ ...profile, userId });
      await tx.done;
      return isFree;
    },

    async renew(from, to) {
      const key = await own();
      const tx = (await database()).transaction(['profiles', 'pending'], 'readwrite', { durability: 'strict' });
      const profile = await tx.objectStore('profiles').get(key);
      const isStill = profile?.clientId === from;
      if (isStill) {
        const pending = tx.objectStore('pending');
        const queue = (await pending.getAll(under(key))).filter(({ seqs }) => seqs === null);
        await pending.delete(under(key));
        for (const [at, waiting] of queue.entries()) await pending.put({ ...waiting, mid: at + 1 });
        await tx.objectStore('profiles').put({ ...profile, clientId: to, nextMid: queue.length + 1 });
      }
      await tx.done;
      return isStill;
    },

    async load() {
      const key = await own();
      const tx = (await database()).transaction(['scopes', 'entities', 'pending', 'people']);
      const [scopes, entities, pending, people] = await Promise.all([
        tx.objectStore('scopes').getAll(under(key)),
        tx.objectStore('entities').getAll(under(key)),
        tx.objectStore('pending').getAll(under(key)),
        tx.objectStore('people').getAll(under(key)),
      ]);
      await tx.done;
      return {
        scopes: scopes.map(({ scope, seq, logEpoch, aclEpoch }) => ({ scope, seq, logEpoch, aclEpoch })),
        entities: entities.map(({ scope, type, id, value }) => ({ scope, type, id, value })),
        pending: pending.map(toPending),
        profiles: Object.fromEntries(people.map(({ id, name, image, kind }) => [id, { name, image, kind }])),
      };
    },

    async replaceScope(head, entities) {
      const key = await own();
      const tx = (await database()).transaction(['scopes', 'entities'], 'readwrite', { durability: 'relaxed' });
      const store = tx.objectStore('entities');
      await Promise.all([
        store.delete(under(key, head.scope)),
        ...entities.map((entity) => store.put({ ...entity, scope: head.scope, profile: key })),
        tx.objectStore('scopes').put({ ...head, profile: key }),
        tx.done,
      ]);
    },

    async applyPacket(scope, logEpoch, from, to, aclEpoch, puts, dels) {
      const key = await own();
      const tx = (await database()).transaction(['scopes', 'entities'], 'readwrite', { durability: 'relaxed' });
      const head = await tx.objectStore('scopes').get([key, scope]);
      const fits = head !== undefined && head.logEpoch === logEpoch && from <= head.seq + 1 && head.seq + 1 <= to;
      if (fits) {
        const store = tx.objectStore('entities');
        for (const entity of puts) void store.put({ ...entity, scope, profile: key });
        for (const { type, id } of dels) void store.delete([key, scope, type, id]);
        void tx.objectStore('scopes').put({ ...head, seq: to, aclEpoch });
      }
      await tx.done;
      return fits;
    },

    async dropScope(scope) {
      const key = await own();
      const tx = (await database()).transaction(['scopes', 'entities'], 'readwrite');
      await Promise.all([
        tx.objectStore('entities').delete(under(key, scope)),
        tx.objectStore('scopes').delete([key, scope]),
        tx.done,
      ]);
    },

    async enqueue(mutation) {
      const key = await own();
      const tx = (await database()).transaction(['profiles', 'pending'], 'readwrite', { durability: 'strict' });
      const profile = await tx.objectStore('profiles').get(key);
      if (!profile) throw new Error('this store was wiped');
      const waiting = toPending({ ...mutation, mid: profile.nextMid });
      await tx.objectStore('profiles').put({ ...profile, nextMid: profile.nextMid + 1 });
      await tx.objectStore('pending').add({ ...waiting, profile: key });
      await tx.done;
      return waiting;
    },

    settle: (waiting, seqs) => rewrite([waiting], (was) => ({ ...was, seqs })),
    remove: (waiting) => rewrite(waiting, () => undefined),
    voidOut: (waiting, voidName) =>
      rewrite(waiting, (was) => ({ ...was, name: voidName as PendingMutation['name'], args: {} })),

    pending: listPending,

    async putProfiles(profiles) {
      const key = await own();
      const tx = (await database()).transaction('people', 'readwrite', { durability: 'relaxed' });
      const rows = Object.entries(profiles).map(([id, person]) => ({ ...person, id, profile: key }));
      await Promise.all([...rows.map((row) => tx.store.put(row)), tx.done]);
    },

    async switchTo(userId) {
      const key = await own();
      const tx = (await database()).transaction(['meta', 'profiles', 'pending'], 'readwrite', { durability: 'strict' });
      const profiles = tx.objectStore('profiles');
      const all = await profiles.getAll();
      const from = all.find((profile) => profile.key === key);
      const known = userId === null ? undefined : all.find((profile) => profile.userId === userId);
      const to = known ?? (await makeProfile(tx, userId));
      if (from?.userId === null && from.key !== to.key) {
        const pending = tx.objectStore('pending');
        const waiting = await pending.getAll(under(key));
        for (const [at, one] of waiting.entries()) await pending.put({ ...one, mid: to.nextMid + at, profile: to.key });
        await pending.delete(under(key));
        await profiles.put({ ...to, nextMid: to.nextMid + waiting.length });
        await profiles.delete(key);
      }
      await tx.objectStore('meta').put(to.key, CURRENT);
      await tx.done;
      pinned = to.key;
    },

    async wipe() {
      const key = await own();
      const tx = (await database()).transaction([...STORES], 'readwrite');
      const isCurrent = (await tx.objectStore('meta').get(CURRENT)) === key;
      await Promise.all([
        tx.objectStore('profiles').delete(key),
        tx.objectStore('scopes').delete(under(key)),
        tx.objectStore('entities').delete(under(key)),
        tx.objectStore('pending').delete(under(key)),
        tx.objectStore('people').delete(under(key)),
        ...(isCurrent ? [tx.objectStore('meta').delete(CURRENT)] : []),
        tx.done,
      ]);
      pinned = undefined;
    },

    async close() {
      if (opened) (await opened).close();
      opened = undefined;
    },
  };
  return storage;
}
