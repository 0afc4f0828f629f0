import type { Effect } from '@muster/protocol/change';

/**
 * The tasks whose history tells of a change: those that it touched, and the parents that they have or had, so that a
 * task's history also tells of its sub-tasks coming and going. Undefined for none.
 *
 * @param prev what each effect replaced, by its place
 */
export function touchedTasks(effects: Effect[], prev: unknown[]): string[] | undefined {
  const ids = new Set<string>();
  for (const [index, effect] of effects.entries()) {
    if (effect.type !== 'task') continue;
    ids.add(effect.id);
    const now = effect.op === 'put' ? effect.value : effect.op === 'patch' ? effect.fields : {};
    const before = prev[index] as Record<string, unknown> | null | undefined;
    for (const parent of [now.parentId, before?.parentId]) if (typeof parent === 'string') ids.add(parent);
  }
  return ids.size === 0 ? undefined : [...ids];
}
