import { v4 } from 'uuid';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { isSound, makeProfile, renumber, type ProfileStores } from './indexeddb-profile-row.ts';
import { CURRENT, NOBODY, under, type ProfileRow } from './indexeddb-schema.ts';

/** The profile in use, made or made good. Another tab may have been faster. */
export async function mendProfile(disk: Disk): Promise<ProfileRow> {
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

async function hasContent(tx: Writing<ProfileStores>, key: string): Promise<boolean> {
  const counts = [tx.objectStore('scopes').count(under(key)), tx.objectStore('pending').count(under(key))];
  return (await Promise.all(counts)).some((count) => count > 0);
}

/** A profile whose row is gone or cannot be read goes on under a new clientId, with what waits in it. */
async function rebuild(tx: Writing<ProfileStores>, key: string, torn: ProfileRow | undefined): Promise<ProfileRow> {
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
