import { nameKey, type Value } from './ref.ts';

/** How many entities a page begins with. One edit writes one page again; a list of a hundred is two. */
export const PAGE = 64;
/** How full pages grow before their scope is spread over more of them. */
export const FULL_PAGE = 2 * PAGE;

export interface PageEntity {
  type: string;
  id: string;
  value: Value;
}

/** The page of an entity, out of so many: the same wherever it is asked (FNV-1a). */
export function pageOf({ type, id }: { type: string; id: string }, pages: number): number {
  if (pages === 1) return 0;
  let hash = 0x811c9dc5;
  for (const unit of nameKey(type, id)) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % pages;
}

/** Text is read several times as fast as the same objects in the browser's own form. */
export const toText = (entities: readonly PageEntity[]): string =>
  JSON.stringify(entities.map(({ type, id, value }) => [type, id, value]));

/** @returns undefined where it is no page's text */
export function fromText(text: unknown): PageEntity[] | undefined {
  let rows: unknown;
  try {
    rows = JSON.parse(text as string);
  } catch {
    return undefined;
  }
  if (!Array.isArray(rows)) return undefined;
  const entities: PageEntity[] = [];
  for (const row of rows as unknown[]) {
    const [type, id, value] = (Array.isArray(row) ? row : []) as unknown[];
    if (typeof type !== 'string' || typeof id !== 'string' || typeof value !== 'object' || value === null)
      return undefined;
    entities.push({ type, id, value: value as Value });
  }
  return entities;
}
