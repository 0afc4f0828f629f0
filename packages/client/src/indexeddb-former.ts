import { compareFormer, heldUnder, isOfferable, lostAs, sparesOf, toFormer } from './acknowledged.ts';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { isReadable, renumber } from './indexeddb-profile-row.ts';
import { under as keysUnder, type FormerRow } from './indexeddb-schema.ts';
import { toPending } from './pending-mutation.ts';
import type { FormerMutation, StoragePort } from './types.ts';

type Former = Pick<StoragePort, 'renew' | 'former' | 'settleFormer'>;

const toRow = (row: FormerMutation, profile: string): FormerRow => ({ ...row, profile });

/** What was done under earlier clientIds of a profile, and how it comes to have another. */
export function createFormer(disk: Disk, own: () => Promise<string>): Former {
  return {
    async renew(from, to, at) {
      const key = await own();
      return disk.write(['profiles', 'pending', 'acknowledged', 'former'], 'strict', async (tx) => {
        const profile = await tx.objectStore('profiles').get(key);
        if (profile?.clientId !== from) return false;
        const [pending, acknowledged] = [tx.objectStore('pending'), tx.objectStore('acknowledged')];
        const former = (await acknowledged.getAll(keysUnder(key)))
          .filter(isReadable)
          .flatMap((row) => toFormer(toPending(row), from, row));
        for (const row of (await pending.getAll(keysUnder(key))).filter(isReadable)) {
          if (row.seqs !== null || row.isOfferedAgain)
            former.push(...toFormer(toPending(row), from, { logEpoch: '', at }));
        }
        for (const row of former) await tx.objectStore('former').put(toRow(row, key));
        await acknowledged.delete(keysUnder(key));
        const nextMid = await renumber(tx as unknown as Writing<'pending'[]>, key);
        await tx.objectStore('profiles').put({ ...profile, clientId: to, nextMid });
        return true;
      });
    },

    async former(logEpoch, now) {
      const rows = await (await disk.database()).getAll('former', keysUnder(await own()));
      return rows
        .filter((row) => isReadable(row) && row.logEpoch !== logEpoch && isOfferable(row, now))
        .map(({ profile: _profile, ...row }) => row)
        .sort(compareFormer);
    },

    async settleFormer(held, lost, to, under) {
      const key = await own();
      await disk.write(['former'], 'strict', async (tx) => {
        const store = tx.objectStore('former');
        for (const row of held) {
          const stands = await store.getKey([key, row.clientId, row.mid]);
          if (stands) await store.put(toRow(heldUnder(row, under), key));
        }
        let mid = 0;
        for (const row of lost) {
          const stands = await store.getKey([key, row.clientId, row.mid]);
          if (!stands) continue;
          await store.delete(stands);
          await store.put(toRow(lostAs(row, to, (mid += 1)), key));
        }
        const spare = sparesOf(await store.getAll(keysUnder(key)), under.at).filter(({ isLost }) => !isLost);
        for (const { clientId, mid: last } of spare) await store.delete([key, clientId, last]);
      });
    },
  };
}
