import { CURRENT, MARK, NOBODY, type Database, type ProfileRow } from './indexeddb-schema.ts';

/** What tells this store from any other that had its name. */
export const readMark = (database: Database): Promise<string | undefined> => database.get('meta', MARK);

/**
 * Puts a profile's row into a store that stands in the place of the one that the browser threw away. Its tabs go on under
 * their clientId: a mid that is given twice makes them another.
 */
export async function putBack(database: Database, row: ProfileRow): Promise<void> {
  const tx = database.transaction(['meta', 'profiles'], 'readwrite', { durability: 'strict' });
  const [meta, profiles] = [tx.objectStore('meta'), tx.objectStore('profiles')];
  const [current, own] = await Promise.all([meta.get(CURRENT), profiles.get(row.key)]);
  if (!own) {
    await profiles.put(row);
    if (current === undefined || current === NOBODY) await meta.put(row.key, CURRENT);
  }
  await tx.done;
}
