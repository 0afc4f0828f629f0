import { emptied, hasGoneBack, isOfferable, isSpare } from './acknowledged.ts';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { isReadable } from './indexeddb-profile-row.ts';
import { under, type AcknowledgedRow, type PendingRow } from './indexeddb-schema.ts';
import { toPending } from './pending-mutation.ts';
import { StorageFault } from './storage-faults.ts';
import type { StoragePort, Waiting } from './types.ts';

type Queue = Pick<StoragePort, 'enqueue' | 'keep' | 'settle' | 'retire' | 'pending' | 'voidOut' | 'offerAgain'>;
type Both = Writing<('pending' | 'acknowledged')[]>;

/** Forgets what was acknowledged long before the newest, and the oldest of too many. */
async function prune(tx: Both, profile: string, now: number): Promise<void> {
  const store = tx.objectStore('acknowledged');
  let count = await store.count(under(profile));
  for (let cursor = await store.openCursor(under(profile)); cursor; cursor = await cursor.continue()) {
    if (!isSpare(cursor.value, count, now)) return;
    count -= 1;
    await cursor.delete();
  }
}

export function createQueue(disk: Disk, own: () => Promise<string>): Queue {
  /** Changes what waits under these mids, where it still is what the caller means. */
  async function rewrite(waiting: Waiting[], change: (was: PendingRow) => PendingRow): Promise<void> {
    const profile = await own();
    await disk.write(['pending'], 'relaxed', async (tx) => {
      for (const { mid, nonce } of waiting) {
        const was = await tx.objectStore('pending').get([profile, mid]);
        if (was?.nonce === nonce) await tx.objectStore('pending').put(change(was));
      }
    });
  }

  return {
    async enqueue(mutation, from = 1) {
      const key = await own();
      return disk.write(['profiles', 'pending'], 'strict', async (tx) => {
        const profile = await tx.objectStore('profiles').get(key);
        if (!profile) throw new StorageFault('wiped');
        const mid = Math.max(profile.nextMid, from);
        const waiting = toPending({ ...mutation, mid });
        await tx.objectStore('profiles').put({ ...profile, nextMid: mid + 1 });
        await tx.objectStore('pending').add({ ...waiting, profile: key });
        return waiting;
      });
    },

    async keep(mutations) {
      const key = await own();
      return disk.write(['profiles', 'pending'], 'strict', async (tx) => {
        const profile = await tx.objectStore('profiles').get(key);
        if (!profile) throw new StorageFault('wiped');
        const pending = tx.objectStore('pending');
        const kept = new Set<string>();
        for (const mutation of mutations) {
          const there = await pending.get([key, mutation.mid]);
          if (!there) await pending.put({ ...toPending(mutation), profile: key });
          if (!there || there.nonce === mutation.nonce) kept.add(mutation.nonce);
        }
        const nextMid = Math.max(profile.nextMid, ...mutations.map(({ mid }) => mid + 1));
        await tx.objectStore('profiles').put({ ...profile, nextMid });
        return kept;
      });
    },

    settle: (waiting, seqs) => rewrite([waiting], (was) => ({ ...was, seqs })),
    voidOut: (waiting) => rewrite(waiting, emptied),

    async retire(done, { logEpoch, at }) {
      const profile = await own();
      await disk.write(['pending', 'acknowledged'], 'relaxed', async (tx) => {
        const pending = tx.objectStore('pending');
        for (const { mid, nonce, seqs } of done) {
          const was = await pending.get([profile, mid]);
          if (was?.nonce !== nonce) continue;
          await pending.delete([profile, mid]);
          const { isOfferedAgain: _again, ...own } = was;
          const row: AcknowledgedRow = { ...own, seqs, logEpoch, at };
          await tx.objectStore('acknowledged').put(seqs === null ? emptied(row) : row);
        }
        await prune(tx, profile, at);
      });
    },

    async pending() {
      const rows = await (await disk.database()).getAll('pending', under(await own()));
      return rows.filter(isReadable).map(toPending);
    },

    async offerAgain(logEpoch, now, from = Infinity) {
      const profile = await own();
      return disk.write(['pending', 'acknowledged'], 'strict', async (tx) => {
        const [pending, acknowledged] = [tx.objectStore('pending'), tx.objectStore('acknowledged')];
        const kept = await acknowledged.getAll(under(profile));
        const answered = (await pending.getAll(under(profile))).filter((row) => row.seqs);
        const isAll = hasGoneBack([...answered, ...kept], from);
        if (isAll) for (const row of answered) await pending.put({ ...row, seqs: null, isOfferedAgain: true });
        for (const row of kept) {
          if (!isAll && row.logEpoch === logEpoch) continue;
          await acknowledged.delete([profile, row.mid]);
          if (!isReadable(row) || !isOfferable(row, now)) continue;
          await pending.put({ ...toPending(row), seqs: null, isOfferedAgain: true, profile });
        }
        return (await pending.getAll(under(profile))).filter(isReadable).map(toPending);
      });
    },
  };
}
