import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import type { Task } from '@muster/protocol/task';
import type { Field, FieldValues } from './deed.ts';

/** A command as data. */
export type Intent = {
  [N in 'task.update' | 'task.complete' | 'task.assign' | 'task.label']: { name: N; args: CommandArgs<N> };
}['task.update' | 'task.complete' | 'task.assign' | 'task.label'];

/** Whom and what the list still has: what is gone cannot be given back. */
export interface StillThere {
  isMember(id: string): boolean;
  isLabel(id: string): boolean;
}

const SET = ['title', 'notes', 'due', 'priority'] as const;
export const FIELDS: readonly Field[] = [...SET, 'done', 'assigneeIds', 'labelIds'];
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const differ = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) ? !same([...a].sort(), [...b].sort()) : !same(a ?? null, b ?? null);

/** The fields in which a task is not as it was. */
export const changedFields = (now: Task, then: Partial<FieldValues>): Field[] =>
  FIELDS.filter((field) => field in then && differ(now[field], then[field]));

/** What makes a task's fields what they were, as few commands; none where they are so. */
export function planFields(task: Stored<'task'>, then: Partial<FieldValues>, list: StillThere): Intent[] {
  const { id, value: now } = task;
  const changed = new Set(changedFields(now, then));
  const intents: Intent[] = [];
  const set = SET.filter((field) => changed.has(field));
  if (set.length > 0) {
    const fields = Object.fromEntries(set.map((field) => [field, then[field]]));
    intents.push({ name: 'task.update', args: { id, fields: fields as CommandArgs<'task.update'>['fields'] } });
  }
  if (changed.has('done') && then.done !== undefined)
    intents.push({ name: 'task.complete', args: { id, done: then.done } });
  for (const [name, field, isThere] of [
    ['task.assign', 'assigneeIds', list.isMember],
    ['task.label', 'labelIds', list.isLabel],
  ] as const) {
    const wanted = then[field];
    if (!changed.has(field) || wanted === undefined) continue;
    const add = wanted.filter((one) => !now[field].includes(one) && isThere(one));
    const remove = now[field].filter((one) => !wanted.includes(one));
    if (add.length + remove.length > 0) intents.push({ name, args: { id, add, remove } });
  }
  return intents;
}
