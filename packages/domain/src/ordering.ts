import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';

/** A key longer than this makes the server rebalance the list. */
export const LONGEST_POS = 64;

/**
 * A fractional key strictly between two others, compared as bytes. Null stands for either end.
 * @throws {Error} where `before >= after`
 */
export const posBetween = (before: string | null, after: string | null): string => generateKeyBetween(before, after);

/** `count` keys in order between two others. */
export const posesBetween = (before: string | null, after: string | null, count: number): string[] =>
  generateNKeysBetween(before, after, count);

/** Compares as bytes, as Postgres does under `collate "C"`: keys and ids are ASCII, where UTF-16 units and bytes agree. */
export const compareBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The order of tasks in a list and of lists in the sidebar: `(pos, id)`. */
export const byPlace = (a: { id: string; pos: string }, b: { id: string; pos: string }): number =>
  compareBytes(a.pos, b.pos) || compareBytes(a.id, b.id);
