import { nameKey, type Content, type Value } from './ref.ts';

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

/**
 * By type, all ids and then all values. Text is read several times as fast as the same objects in the browser's own
 * form, and this one makes the fewest objects that are thrown away.
 */
export function toText(entities: Iterable<PageEntity>): string {
  const byType = new Map<string, [ids: string[], values: Value[]]>();
  for (const { type, id, value } of entities) {
    const [ids, values] = byType.get(type) ?? [[], []];
    ids.push(id);
    values.push(value);
    byType.set(type, [ids, values]);
  }
  return JSON.stringify([...byType].map(([type, [ids, values]]) => [type, ids, values]));
}

/**
 * Adds a page's entities to what is read of their scope.
 * @returns how many they are; undefined where this is no page's text
 */
export function readText(text: unknown, into: Content): number | undefined {
  let groups: unknown;
  try {
    groups = JSON.parse(text as string);
  } catch {
    return undefined;
  }
  if (!Array.isArray(groups)) return undefined;
  let count = 0;
  for (const group of groups as unknown[]) {
    const [type, ids, values] = (Array.isArray(group) ? group : []) as unknown[];
    if (typeof type !== 'string' || !Array.isArray(ids) || !Array.isArray(values)) return undefined;
    const byId = into.get(type) ?? new Map<string, Value>();
    into.set(type, byId);
    for (const [at, id] of (ids as unknown[]).entries()) {
      const value: unknown = values[at];
      if (typeof id !== 'string' || typeof value !== 'object' || value === null) return undefined;
      byId.set(id, value as Value);
    }
    count += ids.length;
  }
  return count;
}

export function* entitiesIn(content: Content): Generator<PageEntity> {
  for (const [type, byId] of content) for (const [id, value] of byId) yield { type, id, value };
}
