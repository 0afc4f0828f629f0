import type { MovedTasks, PastChange, PastEffect } from '@muster/protocol/http-history';
import type { Role } from '@muster/protocol/principal';
import type { Deed, Field, FieldDeed, FieldValues, Mentioned } from './deed.ts';
import type { KnownNames } from './known-names.ts';

type Values = Record<string, unknown>;
const FIELDS = ['title', 'notes', 'due', 'priority', 'done', 'assigneeIds', 'labelIds'] as const satisfies Field[];
const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** What a change did, in the order of its effects. What it cannot read it passes over: a newer server may know more. */
export function readDeeds(change: PastChange, names: KnownNames): Deed[] {
  const whole = change.effects.filter(({ type, op }) => type === 'task' && op !== 'patch');
  const deeds: Deed[] = wholeTasks(change, whole, names);
  for (const effect of change.effects) {
    if (effect.type === 'task' && effect.op === 'patch') deeds.push(...patchedTask(change, effect, names));
    if (effect.type === 'list') deeds.push(...ofList(effect));
    if (effect.type === 'member') deeds.push(...ofMember(effect, change.actor.for ?? change.actor.id));
    if (effect.type === 'label') deeds.push(...ofLabel(effect, names));
    if (effect.type === 'thread') deeds.push(...ofThread(effect));
  }
  return deeds;
}

const mention = (id: string, names: KnownNames, title?: unknown): Mentioned => ({
  id,
  title: text(title, names.tasks.get(id) ?? 'a task'),
});

/** Tasks that came or went as a whole, each with its sub-tasks counted under it. */
function wholeTasks({ at, moved = [] }: PastChange, effects: PastEffect[], names: KnownNames): Deed[] {
  const ids = new Set(effects.map(({ id }) => id));
  const deeds: Deed[] = [];
  const counts = new Map<string, number>();
  const tops: { effect: PastEffect; value: Values }[] = [];
  for (const effect of effects) {
    const value = (effect.op === 'put' ? effect.value : effect.prev) ?? {};
    const parent = text(value['parentId'], '');
    if (ids.has(parent)) counts.set(parent, (counts.get(parent) ?? 0) + 1);
    else tops.push({ effect, value });
  }
  for (const { effect, value } of tops) {
    const task = mention(effect.id, names);
    const subTasks = counts.get(effect.id) ?? 0;
    const other = moved.find((one: MovedTasks) => one.ids.includes(effect.id));
    const parent = text(value['parentId'], '');
    if (other) {
      deeds.push({
        deed: effect.op === 'put' ? 'came' : 'went',
        tasks: [task],
        subTasks,
        ...(other.listId === undefined ? {} : { listId: other.listId }),
        ...(other.title === undefined ? {} : { list: other.title }),
      });
      continue;
    }
    // What is made is as old as its change; what returns is older.
    const deed = effect.op === 'del' ? 'deleted' : value['createdAt'] === at ? 'added' : 'restored';
    deeds.push({ deed, tasks: [task], subTasks, ...(parent === '' ? {} : { under: mention(parent, names) }) });
  }
  return deeds;
}

type Patch = Extract<PastEffect, { op: 'patch' }>;

function patchedTask({ overwrote = [] }: PastChange, { id, fields, prev }: Patch, names: KnownNames): Deed[] {
  const task = mention(id, names);
  const deeds: Deed[] = [];
  for (const field of FIELDS) {
    if (!(field in fields)) continue;
    const lost = overwrote.find((one) => one.id === id && one.field === field);
    deeds.push({
      deed: 'field',
      field,
      tasks: [task],
      old: prev[field] as FieldValues[typeof field],
      next: fields[field] as FieldValues[typeof field],
      ...(lost ? { overwrote: lost.actor } : {}),
    } as FieldDeed);
  }
  if ('parentId' in fields) {
    const parentOf = (value: unknown) => (typeof value === 'string' ? mention(value, names) : null);
    deeds.push({ deed: 'nested', tasks: [task], old: parentOf(prev['parentId']), next: parentOf(fields['parentId']) });
  } else if ('pos' in fields) deeds.push({ deed: 'reordered', tasks: [task] });
  return deeds;
}

function ofList(effect: PastEffect): Deed[] {
  if (effect.op === 'put') return [{ deed: 'list', what: 'made', title: text(effect.value['title'], '') }];
  if (effect.op === 'del') return [];
  const { fields, prev } = effect;
  const deeds: Deed[] = [];
  if ('title' in fields)
    deeds.push({ deed: 'list', what: 'renamed', old: text(prev['title'], ''), title: text(fields['title'], '') });
  if ('archivedAt' in fields)
    deeds.push({ deed: 'list', what: fields['archivedAt'] === null ? 'brought back' : 'archived', title: '' });
  return deeds;
}

function ofMember(effect: PastEffect, actor: string): Deed[] {
  const { id } = effect;
  const isSelf = id === actor;
  if (effect.op === 'del') return [{ deed: 'member', what: isSelf ? 'left' : 'removed', id }];
  const role = (effect.op === 'put' ? effect.value['role'] : effect.fields['role']) as Role;
  // Whoever makes a list is in it: that is said by the list.
  if (effect.op === 'put' && isSelf && role === 'owner') return [];
  const what = effect.op === 'patch' || effect.prev !== null ? 'became' : isSelf ? 'joined' : 'added';
  return [{ deed: 'member', what, id, role }];
}

function ofLabel(effect: PastEffect, names: KnownNames): Deed[] {
  const called = names.labels.get(effect.id) ?? 'a label';
  if (effect.op === 'put') return [{ deed: 'label', what: 'made', name: text(effect.value['name'], called) }];
  if (effect.op === 'del') return [{ deed: 'label', what: 'deleted', name: text(effect.prev?.['name'], called) }];
  const { fields, prev } = effect;
  if ('name' in fields)
    return [{ deed: 'label', what: 'renamed', old: text(prev['name'], called), name: text(fields['name'], called) }];
  return 'color' in fields ? [{ deed: 'label', what: 'recoloured', name: called }] : [];
}

function ofThread(effect: PastEffect): Deed[] {
  if (effect.op === 'put') return [{ deed: 'thread', what: 'started', title: text(effect.value['title'], '') }];
  if (effect.op === 'del') return [{ deed: 'thread', what: 'deleted', title: text(effect.prev?.['title'], '') }];
  return 'title' in effect.fields ? [{ deed: 'thread', what: 'renamed', title: text(effect.fields['title'], '') }] : [];
}
