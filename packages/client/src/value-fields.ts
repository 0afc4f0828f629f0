import { isSame, type Value } from './ref.ts';

/** The fields of a value that read otherwise than before. */
export const changedFields = (before: Value, after: Value): string[] =>
  Object.keys(after).filter((field) => !isSame(before[field], after[field]));

export const pick = (value: Value, fields: readonly string[]): Value =>
  Object.fromEntries(fields.map((field) => [field, value[field] ?? null]));
