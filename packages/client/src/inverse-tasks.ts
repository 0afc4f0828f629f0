import type { Condition } from '@muster/protocol/condition';
import type { Edit } from './edits.ts';
import type { Value } from './ref.ts';
import type { Inverse } from './step.ts';
import { changedFields, pick } from './value-fields.ts';

const TEXTS = ['title', 'notes', 'due', 'priority'];
/** What someone else may have made of a task since: where it stands and since when it is done are not theirs to lose. */
const SUBSTANCE = [...TEXTS, 'done', 'parentId', 'listId', 'assigneeIds', 'labelIds'];
/** The same of a sub-task that goes along, without what can be long. */
const SUBSTANCE_OF_CHILD = ['title', 'done', 'due', 'priority', 'parentId'];
/** Conditions for so many sub-tasks one by one; that there are no others is told for all of them. */
const MOST_CHILDREN = 50;

const ids = (value: Value, field: string): string[] => value[field] as string[];

type Slot = NonNullable<Inverse['slot']>;

function deletion({ id, after }: Edit, edits: readonly Edit[]): Inverse {
  const children = edits.filter((edit) => edit.after?.parentId === id);
  const ifStill: Condition[] = [
    { type: 'task', id, fields: pick(after as Value, SUBSTANCE), children: children.map((child) => child.id) },
    ...children.slice(0, MOST_CHILDREN).map((child): Condition => ({
      type: 'task',
      id: child.id,
      fields: pick(child.after as Value, SUBSTANCE_OF_CHILD),
    })),
  ];
  return { name: 'task.delete', args: { id }, ifStill };
}

/** Adding and removing commute: only what the edit itself added and removed is taken back. */
function idsBack(id: string, before: Value, after: Value): Inverse[] {
  return (['labelIds', 'assigneeIds'] as const).flatMap((field): Inverse[] => {
    const add = ids(before, field).filter((one) => !ids(after, field).includes(one));
    const remove = ids(after, field).filter((one) => !ids(before, field).includes(one));
    if (add.length + remove.length === 0) return [];
    const args = { id, ...(add.length > 0 ? { add } : {}), ...(remove.length > 0 ? { remove } : {}) };
    return [{ name: field === 'labelIds' ? 'task.label' : 'task.assign', args, ifStill: [] }];
  });
}

function movedBack({ id }: Edit, before: Value, after: Value): Inverse {
  const args = {
    id,
    after: null,
    ...(before.listId === after.listId ? {} : { listId: before.listId }),
    ...(before.parentId === after.parentId && before.listId === after.listId ? {} : { parentId: before.parentId }),
  };
  // The server computes the place: it is expected once it is known.
  const ifStill: Condition[] = [{ type: 'task', id, fields: pick(after, ['listId', 'parentId']) }];
  return {
    name: 'task.place',
    args,
    ifStill,
    slot: pick(before, ['listId', 'pos']) as Slot,
    confirm: ['pos'],
  };
}

function patchedBack(edit: Edit, before: Value, after: Value): Inverse[] {
  const { id } = edit;
  const changed = changedFields(before, after);
  const texts = changed.filter((field) => TEXTS.includes(field));
  const inverse: Inverse[] = [];
  if (texts.length > 0) {
    const ifStill: Condition[] = [{ type: 'task', id, fields: pick(after, texts) }];
    inverse.push({ name: 'task.update', args: { id, fields: pick(before, texts) }, ifStill });
  }
  if (changed.includes('done')) {
    const ifStill: Condition[] = [{ type: 'task', id, fields: { done: after.done } }];
    inverse.push({ name: 'task.complete', args: { id, done: before.done }, ifStill });
  }
  if (changed.includes('pos') || changed.includes('parentId')) inverse.push(movedBack(edit, before, after));
  return [...inverse, ...idsBack(id, before, after)];
}

/** What takes back one mutation's edits of tasks: sub-tasks go and return with their parent. */
export function inverseOfTasks(edits: readonly Edit[]): Inverse[] {
  const came = new Map(edits.filter(({ before, after }) => !before && after).map((edit) => [edit.id, edit]));
  const left = new Map(edits.filter(({ before, after }) => before && !after).map((edit) => [edit.id, edit]));
  const isAlong = ({ id, before, after }: Edit): boolean => {
    const parentId = (after ?? before)?.parentId as string | null;
    return parentId !== null && parentId !== id && (came.has(parentId) || left.has(parentId));
  };
  const inverse: Inverse[] = [];
  for (const edit of edits) {
    const { id, before, after } = edit;
    const from = left.get(id)?.before;
    const to = came.get(id)?.after;
    if (before && after) inverse.push(...patchedBack(edit, before, after));
    else if (from && to) {
      // A move to another list has two edits: it is taken back at the one that left.
      if (!before) continue;
      if (!isAlong({ ...edit, after: to })) inverse.unshift(movedBack(edit, from, to));
      // What has no name in the other list was dropped there; what it is called here is found again.
      inverse.push(...idsBack(id, from, to).flatMap(onlyAdding));
    } else if (isAlong(edit)) continue;
    else if (after) inverse.push(deletion(edit, edits));
    else inverse.push({ name: 'task.restore', args: { id }, ifStill: [] });
  }
  return inverse;
}

/** Labels that the task has over there are others, which the way back drops by itself. */
function onlyAdding(inverse: Inverse): Inverse[] {
  const { id, add } = inverse.args as { id: string; add?: string[] };
  return add ? [{ ...inverse, args: { id, add } }] : [];
}
