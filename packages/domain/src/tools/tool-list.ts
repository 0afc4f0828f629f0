import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import type { Touched } from '@muster/protocol/run';
import { reject } from '../command.ts';
import type { ToolAnswer, ToolContext, ToolList, ToolTask } from './tool.ts';

/** Notes are cut to this in an answer with more tasks than {@link WHOLE_NOTES}. */
const NOTES_IN_LONG_ANSWER = 300;
const WHOLE_NOTES = 20;

/** A stored task in the model's words. */
export function toToolTask(task: Stored<'task'>, list: Pick<ToolList, 'labels' | 'members'>): ToolTask {
  const { value } = task;
  const names = new Map(list.labels.map((label) => [label.id, label.value.name]));
  const people = new Map(list.members.map((member) => [member.id, member.name]));
  return {
    id: task.id,
    title: value.title,
    notes: value.notes,
    done: value.done,
    due: value.due,
    priority: value.priority,
    labels: value.labelIds.flatMap((id) => names.get(id) ?? []),
    assignees: value.assigneeIds.flatMap((id) => people.get(id) ?? []),
    parentId: value.parentId,
    createdAt: value.createdAt,
    doneAt: value.doneAt,
  };
}

/** Cuts long notes where many tasks are shown at once. */
export function shortened(tasks: ToolTask[]): ToolTask[] {
  if (tasks.length <= WHOLE_NOTES) return tasks;
  return tasks.map((task) =>
    task.notes.length > NOTES_IN_LONG_ANSWER
      ? { ...task, notes: `${task.notes.slice(0, NOTES_IN_LONG_ANSWER)}…`, notesCut: true }
      : task,
  );
}

/**
 * A task of the list by its id.
 * @throws {MusterError} `not_found`
 */
export function getTask(list: ToolList, id: string): Stored<'task'> {
  const wanted = id.trim().toLowerCase();
  const found = list.tasks.find((task) => task.id === wanted);
  return (
    found ??
    reject('not_found', `There is no task ${JSON.stringify(clip(id))} in this list. Look it up with list_tasks first.`)
  );
}

/** The tasks of a call, in its order, none twice. */
export function getTasks(list: ToolList, ids: string[]): Stored<'task'>[] {
  return [...new Map(ids.map((id) => getTask(list, id)).map((task) => [task.id, task])).values()];
}

const fold = (text: string): string => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** A label of the list by name: case and spaces do not count. */
export const findLabel = (list: ToolList, name: string): Stored<'label'> | undefined =>
  list.labels.find((label) => fold(label.value.name) === fold(name.replace(/^#/, '')));

/**
 * A member by what people call them: "me", the whole name, or a part of it that only one member has.
 * @throws {MusterError} `invalid`, naming who is there
 */
export function memberIdOf(context: ToolContext, name: string): string {
  const { members } = context.list;
  const wanted = fold(name.replace(/^@/, ''));
  if (wanted === 'me' || wanted === 'myself') {
    if (members.some((member) => member.id === context.askerId)) return context.askerId;
    reject('invalid', 'Whoever asks is not a member of this list.');
  }
  const whole = members.filter((member) => fold(member.name) === wanted || member.id === wanted);
  const matches = whole.length > 0 ? whole : members.filter((member) => fold(member.name).split(' ').includes(wanted));
  const [first] = matches;
  if (first && matches.length === 1) return first.id;
  const known = members
    .slice(0, 20)
    .map((member) => member.name)
    .join(', ');
  if (first) reject('invalid', `Several members are called ${JSON.stringify(clip(name))}. Say which: ${known}.`);
  reject('invalid', `Nobody called ${JSON.stringify(clip(name))} is a member of this list. Its members are ${known}.`);
}

export const touchedTask = (list: ToolList, id: string): Touched => ({
  scope: scopeOf('list', list.id),
  type: 'task',
  id,
});

/** The head of every answer. */
export const listOf = (list: ToolList): ToolAnswer['list'] => ({ id: list.id, title: list.title, seq: list.seq });

/** Everything a model needs to know around the tasks: who and what is there, and what time it is for the asker. */
export function surroundings(context: ToolContext): Record<string, unknown> {
  const { list } = context;
  return {
    members: list.members,
    labels: list.labels.map((label) => label.value.name),
    me: list.members.find((member) => member.id === context.askerId)?.name ?? null,
    now: localNow(context.now, context.zone),
  };
}

/** The asker's clock in words that a model can calculate with. */
export function localNow(
  now: number,
  zone: string,
): { date: string; time: string; weekday: string; zone: string; ms: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'long',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string): string => parts.find((entry) => entry.type === type)?.value ?? '';
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
    weekday: part('weekday'),
    zone,
    ms: now,
  };
}

/** "3 tasks", or the title where it is one: the words of a card. */
export function tasksInWords(tasks: { title: string }[]): string {
  const [only] = tasks;
  return tasks.length === 1 && only ? `“${only.title}”` : `${tasks.length} tasks`;
}
