import { compareBytes } from '@muster/domain/ordering';
import type { Stored } from '@muster/protocol/entity';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import { ownScope } from './own-scopes.ts';
import type { Replica } from './replica.ts';

/** Small letters of what was searched before: a new value is a new object. */
const lowered = new WeakMap<object, { title: string; notes: string }>();

function textOf({ value }: Stored<'task'>): { title: string; notes: string } {
  let text = lowered.get(value);
  if (!text) {
    text = { title: String(value.title).toLowerCase(), notes: String(value.notes).toLowerCase() };
    lowered.set(value, text);
  }
  return text;
}

/** One's lists, in one's own order. */
function ownLists(replica: Replica): ScopeId[] {
  const own = ownScope(replica);
  const memberships = own ? replica.view.all(own, 'membership') : [];
  return memberships.sort((a, b) => compareBytes(a.value.pos, b.value.pos)).map(({ id }) => scopeOf('list', id));
}

/** See MusterClient.search. */
export function searchTasks(replica: Replica, words: string, most = 100): Stored<'task'>[] {
  const { view } = replica;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const byRank = Array.from({ length: 8 }, (): Stored<'task'>[] => []);
  for (const scope of ownLists(replica)) {
    const isArchived = Boolean(view.get('list', parseScope(scope).id)?.value.archivedAt);
    for (const task of view.all(scope, 'task')) {
      const { title, notes } = textOf(task);
      const inTitle = wanted.every((word) => title.includes(word));
      if (!inTitle && !wanted.every((word) => title.includes(word) || notes.includes(word))) continue;
      byRank[Number(task.value.done) * 4 + Number(isArchived) * 2 + Number(!inTitle)]?.push(task);
    }
  }
  return byRank.flat().slice(0, most);
}
