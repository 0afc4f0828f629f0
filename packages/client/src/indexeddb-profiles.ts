import { v4 } from 'uuid';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { CURRENT, NOBODY, under, type PendingRow, type ProfileRow } from './indexeddb-schema.ts';

type Stores = ('meta' | 'profiles' | 'scopes' | 'pending' | 'acknowledged')[];

const isSound = (profile: ProfileRow | undefined): profile is ProfileRow =>
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

/** Queues again under mids from 1: for a clientId that the server does not know yet. */
export async function renumber(tx: Writing<'pending'[]>, key: string): Promise<number> {
  const pending = tx.objectStore('pending');
  const queue = (await pending.getAll(under(key))).filter((row) => isReadable(row) && row.seqs === null);
  await pending.delete(under(key));
  for (const [at, waiting] of queue.entries()) await pending.put({ ...waiting, mid: at + 1 });
  return queue.length + 1;
}

/** The profile in use: this tab's, or the one that any tab used last. Made on first use, mended where it is torn. */
export async function ownProfile(disk: Disk): Promise<ProfileRow> {
  const profile = (await readProfile(disk)) ?? (await mendProfile(disk));
  disk.profile = profile.key;
  return profile;
}

/** Reads alone, so that a full disk does not keep anyone from their queue. */
async function readProfile(disk: Disk): Promise<ProfileRow | undefined> {
  const tx = (await disk.database()).transaction(['meta', 'profiles', 'pending']);
  const profiles = tx.objectStore('profiles');
  const current = await tx.objectStore('meta').get(CURRENT);
  const pinned = disk.profile === undefined ? undefined : await profiles.get(disk.profile);
  const profile = pinned ?? (current === undefined ? undefined : await profiles.get(current));
  if (!isSound(profile) || current === undefined) return undefined;
  const last = await tx.objectStore('pending').openKeyCursor(under(profile.key), 'prev');
  return Number(last?.primaryKey[1] ?? 0) < profile.nextMid ? profile : undefined;
}

async function mendProfile(disk: Disk): Promise<ProfileRow> {
  return disk.write(['meta', 'profiles', 'scopes', 'pending', 'acknowledged'], 'strict', async (tx) => {
    const all = await tx.objectStore('profiles').getAll();
    const current = await tx.objectStore('meta').get(CURRENT);
    const known =
      all.find(({ key }) => key === disk.profile) ??
      all.find(({ key }) => key === current) ??
      // The note of who was here last is gone. With several people it would be a guess whose lists to show.
      (current === undefined && all.length === 1 ? all[0] : undefined);
    const lost = known?.key ?? (current === NOBODY ? undefined : current);
    const isGone = known === undefined && lost !== undefined && !(await hasContent(tx, lost));
    const mended =
      lost === undefined || isGone
        ? await makeProfile(tx as unknown as Writing<'profiles'[]>, null)
        : await rebuild(tx, lost, known);
    await tx.objectStore('meta').put(mended.key, CURRENT);
    return mended;
  });
}

async function hasContent(tx: Writing<Stores>, key: string): Promise<boolean> {
  const counts = [tx.objectStore('scopes').count(under(key)), tx.objectStore('pending').count(under(key))];
  return (await Promise.all(counts)).some((count) => count > 0);
}

/** A profile whose row is gone or cannot be read goes on under a new clientId, with what waits in it. */
async function rebuild(tx: Writing<Stores>, key: string, torn: ProfileRow | undefined): Promise<ProfileRow> {
  const last = await tx.objectStore('pending').openKeyCursor(under(key), 'prev');
  const lastMid = Number(last?.primaryKey[1] ?? 0);
  const scopes = await tx.objectStore('scopes').getAllKeys(under(key));
  const own = scopes.map(([, scope]) => scope).find((scope) => scope.startsWith('user:'));
  const userId = typeof torn?.userId === 'string' ? torn.userId : (own?.slice('user:'.length) ?? null);
  const profile: ProfileRow = isSound(torn)
    ? { ...torn, nextMid: Math.max(torn.nextMid, lastMid + 1) }
    : { key, clientId: v4(), userId, nextMid: await renumber(tx as unknown as Writing<'pending'[]>, key) };
  // Their mids were the old clientId's.
  if (!isSound(torn)) await tx.objectStore('acknowledged').delete(under(key));
  await tx.objectStore('profiles').put(profile);
  return profile;
}
