import { sql } from 'kysely';
import type { Reader } from './visible.ts';

export interface KnownZones {
  has(zone: string): Promise<boolean>;
  /** All of them in lower case, as the text of a `text[]`. */
  asArray(): Promise<string>;
}

/**
 * The time zones that Postgres knows; it throws at others, and Node knows some more. Asked for once: reading the view
 * takes Postgres many milliseconds, and the list changes with its version only.
 */
export function createKnownZones(db: Reader): KnownZones {
  let reading: Promise<ReadonlySet<string>> | undefined;
  let array: string | undefined;

  const read = async (): Promise<ReadonlySet<string>> => {
    const { rows } = await sql<{ name: string }>`select lower(name) as name from pg_timezone_names
      where name !~ '^(posix|right)/'`.execute(db);
    return new Set(rows.map(({ name }) => name));
  };
  const known = (): Promise<ReadonlySet<string>> =>
    (reading ??= read().catch((fault: unknown) => {
      reading = undefined;
      throw fault;
    }));

  return {
    has: async (zone) => (await known()).has(zone.toLowerCase()),
    asArray: async () => (array ??= `{${[...(await known())].map((name) => `"${name}"`).join(',')}}`),
  };
}
