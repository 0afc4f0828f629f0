import { MusterError } from '@muster/protocol/error';
import { DEFAULT_PAGE_SIZE, type Page, type PageQuery } from '@muster/protocol/http';

type Place = Record<string, string | number>;

/** Where the next page begins, as text that nobody needs to understand. */
export const writeCursor = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/**
 * @param keys the place's keys and types, as the collection is ordered
 * @throws {MusterError} `invalid` for a cursor that no page of this collection gave
 */
export function readCursor<K extends string>(
  query: Pick<PageQuery, 'cursor'>,
  keys: Record<K, 'string' | 'number'>,
): Record<K, never> | undefined {
  if (query.cursor === undefined) return undefined;
  try {
    const place = JSON.parse(Buffer.from(query.cursor, 'base64url').toString('utf8')) as Place;
    const isFit = (Object.keys(keys) as K[]).every((key) => {
      const value = place[key];
      // Neither zero characters nor what is no bigint: Postgres would throw at them.
      const isReadable = typeof value === 'string' ? !value.includes('\0') : Number.isSafeInteger(value);
      return typeof value === keys[key] && isReadable;
    });
    if (isFit) return place as Record<K, never>;
  } catch {
    // Said below.
  }
  const message = 'must be the `next` of a page before';
  throw new MusterError('invalid', `cursor: ${message}`, { faults: [{ path: 'cursor', message }] });
}

/** How many rows to read for a page: one more than it shows, which tells whether there is a next one. */
export const rowsFor = (query: PageQuery): number => (query.limit ?? DEFAULT_PAGE_SIZE) + 1;

/** @param placeOf where the page after this row begins */
export function toPage<T, R>(rows: T[], query: PageQuery, placeOf: (row: T) => Place, present: (row: T) => R): Page<R> {
  const size = query.limit ?? DEFAULT_PAGE_SIZE;
  const last = rows.length > size ? rows[size - 1] : undefined;
  return {
    items: rows.slice(0, size).map(present),
    ...(last === undefined ? {} : { next: writeCursor(placeOf(last)) }),
  };
}
