import { LIMITS } from '@muster/protocol/limits';
import type { Actions, NewTask } from '#lib/state/actions.svelte.ts';
import type { QuickAddEntry } from '#lib/quick-add/types.ts';

/**
 * Adds what quick add has read: in its order, behind `after` (null: on top). Sub-tasks go under the entry before them.
 * @returns the last task added that is no sub-task, to stand behind next
 */
export function addEntries(
  actions: Pick<Actions, 'addTask' | 'ensureLabel' | 'send' | 'together'>,
  listId: string,
  entries: readonly QuickAddEntry[],
  after: string | null,
  under: string | null = null,
): string | null {
  let last = after;
  const label = entries.length === 1 ? `Added “${entries[0]?.parsed.title ?? ''}”` : `Added ${entries.length} tasks`;
  // What was added at once is taken back at once, its new labels with it.
  actions.together(label, () => (last = addAll(actions, listId, entries, after, under)));
  return last;
}

function addAll(
  actions: Pick<Actions, 'addTask' | 'ensureLabel' | 'send'>,
  listId: string,
  entries: readonly QuickAddEntry[],
  after: string | null,
  under: string | null,
): string | null {
  let last = after;
  let lastChild: string | null | undefined;
  for (const { parsed, done, isChild } of entries) {
    const labelIds = [...parsed.labelIds];
    for (const name of parsed.newLabels) {
      const id = actions.ensureLabel(listId, name);
      if (id) labelIds.push(id);
    }
    const parentId = isChild && under === null && last !== after ? last : under;
    const isLong = parsed.title.length > LIMITS.titleLength;
    const task: NewTask = {
      title: parsed.title.slice(0, LIMITS.titleLength),
      after: parentId !== null && under === null ? (lastChild ?? parentId) : last,
      ...(parentId === null ? {} : { parentId }),
      // A pasted line may be longer than a title: the rest is kept in the notes.
      ...(isLong ? { notes: parsed.title.slice(0, LIMITS.notesLength) } : {}),
      ...(parsed.due ? { due: parsed.due } : {}),
      ...(parsed.priority === 'none' ? {} : { priority: parsed.priority }),
      ...(labelIds.length > 0 ? { labelIds } : {}),
      ...(parsed.assigneeIds.length > 0 ? { assigneeIds: parsed.assigneeIds } : {}),
    };
    const id = actions.addTask(listId, task);
    if (!id) break;
    if (done) actions.send('task.complete', { id, done: true });
    if (parentId !== null && under === null) lastChild = id;
    else {
      last = id;
      lastChild = undefined;
    }
  }
  return last;
}
