import type { WireEntity } from '@muster/protocol/entity';

/** What later changes replaced in one entity: first `whole` (null: it was not there), then single fields over it. */
export interface Undoing {
  type: string;
  id: string;
  isWhole: boolean;
  whole: Record<string, unknown> | null;
  fields: Record<string, unknown> | null;
}

/** About what an answer may be. */
const PAGE_BYTES = 1_000_000;
const keyOf = ({ type, id }: { type: string; id: string }): string => `${type}:${id}`;

/**
 * Entities as they were, from how they are and what is to be undone in them. Both hold at most `most` tasks, by id: past
 * the last that both would have told, the page ends.
 */
export function walkBack(
  present: readonly WireEntity[],
  undoing: readonly Undoing[],
  most: number,
): { entities: WireEntity[]; next?: string } {
  const past = new Map(present.map((entity) => [keyOf(entity), entity]));
  for (const { type, id, isWhole, whole, fields } of undoing) {
    const key = keyOf({ type, id });
    const before = isWhole ? whole : past.get(key)?.value;
    if (before) past.set(key, { type, id, value: { ...before, ...fields } });
    else past.delete(key);
  }
  const bounds = [present, undoing].flatMap((some: readonly { type: string; id: string }[]) => {
    const ids = some.filter(({ type }) => type === 'task').map(({ id }) => id);
    return ids.length < most ? [] : ids.slice(-1);
  });
  const bound = bounds.sort()[0];
  const others = [...past.values()].filter(({ type }) => type !== 'task');
  const tasks = [...past.values()]
    .filter(({ type, id }) => type === 'task' && (bound === undefined || id <= bound))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  let bytes = 0;
  const cut = tasks.findIndex(({ value }) => (bytes += JSON.stringify(value).length) > PAGE_BYTES);
  const told = cut < 0 ? tasks : tasks.slice(0, cut + 1);
  const next = told.length < tasks.length ? told.at(-1)?.id : bound;
  return { entities: [...others, ...told], ...(next === undefined ? {} : { next }) };
}
