import { createBrowserTabs } from './browser-tabs.ts';
import { createContent, readContent } from './indexeddb-content.ts';
import { Disk, type Writing } from './indexeddb-disk.ts';
import { isReadable, makeProfile } from './indexeddb-profile-row.ts';
import { ownProfile } from './indexeddb-profiles.ts';
import { createQueue } from './indexeddb-queue.ts';
import { CURRENT, NOBODY, under } from './indexeddb-schema.ts';
import { toPending } from './pending-mutation.ts';
import type { StoragePort } from './types.ts';

/** What goes with a person who signs out. */
const OF_PROFILE = ['scopes', 'pages', 'pending', 'acknowledged', 'former', 'people'] as const;

/**
 * Keeps confirmed content and the queue in IndexedDB, shared by the tabs of one browser. What is queued is on disk before
 * it is sent; confirmed content may lag behind (it can be fetched again), but is never torn: what is found torn is left
 * out and opened again. A store of an older version is upgraded in place, one of a newer version is not touched.
 */
export function createIndexedDbStorage(name = 'muster'): StoragePort {
  const disk = new Disk(name);
  const own = async (): Promise<string> => disk.profile ?? (await ownProfile(disk)).key;
  // Safari and insecure origins have no such thing.
  const manager = () => (globalThis.navigator as Partial<Navigator> | undefined)?.storage;

  const queue = createQueue(disk, own);
  const former = async () => (await import('./indexeddb-former.ts')).createFormer(disk, own);
  const storage: StoragePort = {
    tabs: createBrowserTabs(name),
    ...createContent(disk, own),
    // Rare: a clientId was given up. What it takes is no part of the page's first code.
    renew: async (...args) => (await former()).renew(...args),
    former: async (...args) => (await former()).former(...args),
    settleFormer: async (...args) => (await former()).settleFormer(...args),
    ...queue,

    async enqueue(mutation, from) {
      const stored = await queue.enqueue(mutation, from);
      disk.know({ nextMid: stored.mid + 1 });
      return stored;
    },

    async identity() {
      const { clientId, userId, nextMid } = await ownProfile(disk);
      return { clientId, userId, nextMid };
    },

    async setUser(userId) {
      const key = await own();
      const isTheirs = await disk.write(['profiles'], 'strict', async (tx) => {
        const profiles = await tx.objectStore('profiles').getAll();
        const profile = profiles.find((one) => one.key === key);
        const isFree = profiles.every((one) => one.key === key || one.userId !== userId);
        if (profile && isFree) await tx.objectStore('profiles').put({ ...profile, userId });
        return isFree;
      });
      if (isTheirs) disk.know({ userId });
      return isTheirs;
    },

    async load() {
      const key = await own();
      const tx = (await disk.database()).transaction(['scopes', 'pages', 'pending', 'people', 'former']);
      const [heads, waiting, people, former] = await Promise.all([
        tx.objectStore('scopes').getAll(under(key)),
        tx.objectStore('pending').getAll(under(key)),
        tx.objectStore('people').getAll(under(key)),
        tx.objectStore('former').count(under(key)),
      ]);
      const { scopes, content, torn } = await readContent(tx, key, heads);
      await tx.done;
      // A disk that is full or failing may keep them: they are passed over each time.
      if (torn.length > 0) await storage.evict(torn).catch(() => undefined);
      return {
        ...{ scopes, content, torn, pending: waiting.filter(isReadable).map(toPending) },
        hasFormer: former > 0,
        profiles: Object.fromEntries(people.map(({ id, name, image, kind }) => [id, { name, image, kind }])),
      };
    },

    async putProfiles(profiles) {
      const profile = await own();
      await disk.write(['people'], 'relaxed', async (tx) => {
        const rows = Object.entries(profiles).map(([id, person]) => ({ ...person, id, profile }));
        await Promise.all(rows.map((row) => tx.objectStore('people').put(row)));
      });
    },

    async switchTo(userId) {
      const key = await own();
      disk.profile = await disk.write(['meta', 'profiles', 'pending'], 'strict', async (tx) => {
        const profiles = tx.objectStore('profiles');
        const all = await profiles.getAll();
        const from = all.find((profile) => profile.key === key);
        const known = userId === null ? undefined : all.find((profile) => profile.userId === userId);
        const to = known ?? (await makeProfile(tx as unknown as Writing<'profiles'[]>, userId));
        if (from?.userId === null && from.key !== to.key) {
          const pending = tx.objectStore('pending');
          const rows = await pending.getAll(under(key));
          for (const [at, row] of rows.entries()) await pending.put({ ...row, mid: to.nextMid + at, profile: to.key });
          await pending.delete(under(key));
          await profiles.put({ ...to, nextMid: to.nextMid + rows.length });
          await profiles.delete(key);
        }
        await tx.objectStore('meta').put(to.key, CURRENT);
        return to.key;
      });
    },

    async wipe() {
      const key = await own();
      await disk.write(['meta', 'profiles', ...OF_PROFILE], 'strict', async (tx) => {
        const isCurrent = (await tx.objectStore('meta').get(CURRENT)) === key;
        await Promise.all([
          tx.objectStore('profiles').delete(key),
          ...OF_PROFILE.map((store) => tx.objectStore(store).delete(under(key))),
          ...(isCurrent ? [tx.objectStore('meta').put(NOBODY, CURRENT)] : []),
        ]);
      });
      disk.profile = disk.known = undefined;
    },

    persist: async () => (await manager()?.persist?.()) ?? false,
    async estimate() {
      const { usage, quota } = (await manager()?.estimate?.()) ?? {};
      if (usage === undefined || quota === undefined) return null;
      return { usageBytes: usage, quotaBytes: quota };
    },

    close: () => disk.close(),
    onCleared: (hear) => disk.onCleared(hear),
  };
  return storage;
}
