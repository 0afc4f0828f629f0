import type { Disk, Writing } from './indexeddb-disk.ts';
import { isSound, makeProfile } from './indexeddb-profile-row.ts';
import { CURRENT, NOBODY, under, type ProfileRow } from './indexeddb-schema.ts';

/** The profile in use: this tab's, or the one that any tab used last. Made on first use, mended where it is torn. */
export async function ownProfile(disk: Disk): Promise<ProfileRow> {
  const profile = (await readProfile(disk)) ?? (await firstProfile(disk)) ?? (await mended(disk));
  disk.profile = profile.key;
  disk.known = profile;
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

/** Where nobody was here before, or the last one signed out. */
async function firstProfile(disk: Disk): Promise<ProfileRow | undefined> {
  return disk.write(['meta', 'profiles'], 'strict', async (tx) => {
    const current = await tx.objectStore('meta').get(CURRENT);
    if (current !== NOBODY) return undefined;
    const profile = await makeProfile(tx as unknown as Writing<'profiles'[]>, null);
    await tx.objectStore('meta').put(profile.key, CURRENT);
    return profile;
  });
}

/** What is torn is rare, and the way to mend it long. */
async function mended(disk: Disk): Promise<ProfileRow> {
  const { mendProfile } = await import('./indexeddb-mend.ts');
  return mendProfile(disk);
}
