import { v4 } from 'uuid';
import type { Writing } from './indexeddb-disk.ts';
import { under, type PendingRow, type ProfileRow } from './indexeddb-schema.ts';

export type ProfileStores = ('meta' | 'profiles' | 'scopes' | 'pending' | 'acknowledged')[];

export const isSound = (profile: ProfileRow | undefined): profile is ProfileRow =>
  typeof profile?.clientId === 'string' &&
  (profile.userId === null || typeof profile.userId === 'string') &&
  Number.isSafeInteger(profile.nextMid);

export const isReadable = (row: Partial<PendingRow> | undefined): row is PendingRow =>
  Number.isSafeInteger(row?.mid) && typeof row?.nonce === 'string' && typeof row.name === 'string';

export async function makeProfile(tx: Writing<'profiles'[]>, userId: string | null): Promise<ProfileRow> {
  const profile: ProfileRow = { key: v4(), clientId: v4(), userId, nextMid: 1 };
  await tx.objectStore('profiles').put(profile);
  return profile;
}

/** Never answered: no log holds it. */
const isNew = ({ seqs, isOfferedAgain }: PendingRow): boolean => seqs === null && !isOfferedAgain;

/** Queues again under mids from 1: for a clientId that the server does not know yet. */
export async function renumber(tx: Writing<'pending'[]>, key: string): Promise<number> {
  const pending = tx.objectStore('pending');
  const queue = (await pending.getAll(under(key))).filter((row) => isReadable(row) && isNew(row));
  await pending.delete(under(key));
  for (const [at, waiting] of queue.entries()) await pending.put({ ...waiting, mid: at + 1 });
  return queue.length + 1;
}
