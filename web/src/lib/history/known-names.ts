import type { HistoryPage, PastChange } from '@muster/protocol/http-history';

/** Titles and names that the log itself tells, also of what is gone by now. */
export interface KnownNames {
  tasks: ReadonlyMap<string, string>;
  labels: ReadonlyMap<string, string>;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** @param changes newest first: of several titles the newest stays, for people look for what it is called now */
export function knownNames(changes: readonly PastChange[], titles: HistoryPage['titles']): KnownNames {
  const tasks = new Map(Object.entries(titles));
  const labels = new Map<string, string>();
  const note = (into: Map<string, string>, id: string, ...names: unknown[]): void => {
    const name = names.map(text).find((one) => one !== undefined);
    if (name !== undefined && !into.has(id)) into.set(id, name);
  };
  for (const { effects } of changes) {
    for (const effect of effects) {
      const next = effect.op === 'put' ? effect.value : effect.op === 'patch' ? effect.fields : undefined;
      if (effect.type === 'task') note(tasks, effect.id, next?.['title'], effect.prev?.['title']);
      if (effect.type === 'label') note(labels, effect.id, next?.['name'], effect.prev?.['name']);
    }
  }
  return { tasks, labels };
}
