/** Stands where something stood that is no character. */
const MARK = '\ufffd';

/**
 * A value whose text Postgres can hold: a NUL and half a surrogate pair, which models send now and then, are each replaced
 * by one mark. So every length stays, and what was streamed with its offsets is what is stored.
 */
export function storable<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', MARK);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [clean(key), clean(of)]));
}
