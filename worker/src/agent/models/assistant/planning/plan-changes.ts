import { addDays, wallClock } from '@muster/domain/dates/calendar';
import type { ToolTask } from '@muster/domain/tools/tool';
import type { Due } from '@muster/protocol/due';
import { findByWords } from '../finding/find-tasks.ts';
import type { Change, NewItem, Request } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';
import { dueWords, joined, quoted, these } from '../wording/phrasing.ts';
import { noSuchMember, noneFits, sureToDelete, whichOne } from '../wording/questions.ts';
import { choose } from './choose.ts';
import type { Recent } from './plan-request.ts';
import { idsOf, inCalls, say, type Plan } from './plan.ts';

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;

const dueArg = (due: Due | null) => due && { date: due.date, time: due.time ?? null, zone: due.zone ?? null };

const newTask = (item: NewItem) => ({
  title: item.title.slice(0, 500),
  notes: null,
  due: dueArg(item.due),
  priority: item.priority === 'none' ? null : item.priority,
  labels: item.labels.length > 0 ? item.labels : null,
  assignees: item.assignees.length > 0 ? item.assignees : null,
  children: null,
});

export function planAdd({ items, under }: Of<'add'>, snapshot: Snapshot): Plan {
  const stranger = items
    .flatMap((item) => item.assignees)
    .find((name) => name !== 'me' && !snapshot.members.some((member) => member.name === name));
  if (stranger !== undefined) return say(noSuchMember(stranger, snapshot));
  const parent = under === null ? undefined : parentNamed(under, snapshot);
  if (parent && 'ask' in parent) return say(parent.ask);
  const calls = inCalls(items, (chunk) => ({
    name: 'add_tasks',
    args: { list: null, tasks: chunk.map(newTask), parent: parent?.task.id ?? null, after: null },
  }));
  const [only] = items;
  const where = parent ? ` under ${quoted(parent.task.title)}` : '';
  const what =
    items.length === 1 && only
      ? `Added ${quoted(only.title)}${where}${only.due ? `, due ${dueWords(only.due, snapshot)}` : ''}.`
      : `Added ${items.length} tasks${where}: ${joined(items.map((item) => item.title + (item.due ? ` (${dueWords(item.due, snapshot)})` : '')))}.`;
  const repeats = items.some((item) => item.isRepeating)
    ? ' I cannot make tasks repeat yet, so it stands there once; the rhythm is in its title.'
    : '';
  return { calls, reply: what + repeats };
}

function parentNamed(phrase: string, snapshot: Snapshot): { task: ToolTask } | { ask: string } {
  const { best, near } = findByWords(snapshot, phrase, 'open');
  const top = best.filter((task) => task.parentId === null);
  if (top.length === 1 && top[0]) return { task: top[0] };
  return {
    ask: top.length > 1 ? whichOne(phrase, top, 'add it under') : noneFits(phrase, near, 'add something under'),
  };
}

export function planComplete({ targets, done }: Of<'complete'>, snapshot: Snapshot, recent: Recent): Plan {
  const choice = choose(targets, snapshot, recent, done ? 'open' : 'done', done ? 'complete' : 'reopen');
  if ('ask' in choice) return say(choice.ask);
  const tasks = choice.tasks.filter((task) => task.done !== done);
  if (tasks.length === 0)
    return say(`${these(choice.tasks)} ${choice.tasks.length === 1 ? 'is' : 'are'} ${done ? 'done' : 'open'} already.`);
  const calls = inCalls(idsOf(tasks), (ids) => ({ name: 'complete_task', args: { list: null, ids, done } }));
  return { calls, reply: done ? `Done: ${these(tasks)}.` : `Reopened ${these(tasks)}.` };
}

export function planChange({ targets, change }: Of<'change'>, snapshot: Snapshot, recent: Recent): Plan {
  const choice = choose(targets, snapshot, recent, 'open', 'change');
  if ('ask' in choice) return say(choice.ask);
  const { tasks } = choice;
  if (change.title !== undefined && tasks.length > 1) return say(whichOne('that', tasks, 'rename'));
  const stranger = change.addAssignees?.find(
    (name) => name !== 'me' && !snapshot.members.some((member) => member.name === name),
  );
  if (stranger !== undefined) return say(noSuchMember(stranger, snapshot));
  const changes = tasks.map((task) => changeOf(task, change, snapshot)).filter((one) => one !== undefined);
  if (changes.length === 0)
    return say(`${these(tasks)} already ${tasks.length === 1 ? 'stands' : 'stand'} like that, so I changed nothing.`);
  const calls = inCalls(changes, (chunk) => ({ name: 'update_task', args: { list: null, tasks: chunk } }));
  return { calls, reply: changeWords(tasks, change, snapshot) };
}

const shifted = (task: ToolTask, days: number, snapshot: Snapshot): Due => {
  const from = task.due ?? { date: wallClock(snapshot.now, snapshot.zone).date };
  return { ...from, date: addDays(from.date, days) };
};

/** The arguments of update_task for one task: what is left alone is null. Undefined where nothing would change. */
function changeOf(task: ToolTask, change: Change, snapshot: Snapshot): Record<string, unknown> | undefined {
  const keptTime = (due: Due): Due =>
    due.time === undefined && task.due?.time !== undefined ? { ...task.due, date: due.date } : due;
  const due =
    change.shiftDays !== undefined ? shifted(task, change.shiftDays, snapshot) : change.due && keptTime(change.due);
  const clears = change.due === null && change.shiftDays === undefined;
  const all = (names: string[] | undefined, own: string[]) => (names?.[0] === '*' ? own : names);
  const list = (names: string[] | undefined) => (names && names.length > 0 ? names : null);
  const args = {
    id: task.id,
    title: change.title ?? null,
    notes: change.addNote === undefined ? null : [task.notes, change.addNote].filter((part) => part !== '').join('\n'),
    due: clears ? (task.due ? 'none' : null) : due ? dueArg(due) : null,
    priority: change.priority ?? null,
    addLabels: list(change.addLabels),
    removeLabels: list(
      all(change.removeLabels, task.labels)?.filter((name) =>
        task.labels.some((own) => own.toLowerCase() === name.toLowerCase()),
      ),
    ),
    addAssignees: list(change.addAssignees),
    removeAssignees: list(all(change.removeAssignees, task.assignees)),
  };
  const { id: _, ...fields } = args;
  return Object.values(fields).some((value) => value !== null) ? args : undefined;
}

function changeWords(tasks: ToolTask[], change: Change, snapshot: Snapshot): string {
  const which = these(tasks);
  const [first] = tasks;
  if (change.title !== undefined) return `Renamed ${which} to ${quoted(change.title)}.`;
  if (change.addNote !== undefined) return `Added the note to ${which}.`;
  if (change.shiftDays !== undefined && first) {
    return tasks.length === 1
      ? `Moved ${which} to ${dueWords(shifted(first, change.shiftDays, snapshot), snapshot)}.`
      : `Moved ${which} by ${Math.abs(change.shiftDays)} days${change.shiftDays < 0 ? ' forward' : ''}.`;
  }
  if (change.due === null) return `Took the due date off ${which}.`;
  if (change.due) return `${which} ${tasks.length === 1 ? 'is' : 'are'} now due ${dueWords(change.due, snapshot)}.`;
  if (change.priority !== undefined)
    return change.priority === 'none'
      ? `Took the priority off ${which}.`
      : `${which} ${tasks.length === 1 ? 'has' : 'have'} ${change.priority} priority now.`;
  if (change.addLabels) return `Labelled ${which} ${joined(change.addLabels.map((name) => `#${name}`))}.`;
  if (change.removeLabels)
    return change.removeLabels[0] === '*'
      ? `Took all labels off ${which}.`
      : `Took ${joined(change.removeLabels.map((name) => `#${name}`))} off ${which}.`;
  if (change.addAssignees)
    return `Assigned ${which} to ${joined(change.addAssignees.map((name) => (name === 'me' ? 'you' : name)))}.`;
  return `Nobody is assigned to ${which} any more.`;
}

/** "Schedule the launch post for friday" moves what is there; "schedule a dentist appointment" makes it. */
export function planSchedule({ item }: Of<'schedule'>, snapshot: Snapshot): Plan {
  const { best } = findByWords(snapshot, item.title, 'open');
  const [task] = best;
  if (best.length === 1 && task)
    return planChange(
      { kind: 'change', targets: [{ by: 'words', phrase: task.title, many: false }], change: { due: item.due } },
      snapshot,
      [],
    );
  const title = item.title.replace(/^(?:an?|the|my|our)\s+/iu, '');
  return planAdd({ kind: 'add', items: [{ ...item, title }], under: null }, snapshot);
}

export function planMove({ targets, place }: Of<'move'>, snapshot: Snapshot, recent: Recent): Plan {
  const choice = choose(targets, snapshot, recent, 'open', 'move');
  if ('ask' in choice) return say(choice.ask);
  const move = (after: string | null, parent: string | null, words: string): Plan => ({
    calls: inCalls(idsOf(choice.tasks), (ids) => ({ name: 'move_task', args: { list: null, ids, after, parent } })),
    reply: `Moved ${these(choice.tasks)} ${words}.`,
  });
  if (!('phrase' in place))
    return place.at === 'top' ? move('top', null, 'to the top') : move(null, null, 'to the end');
  const { best, near } = findByWords(snapshot, place.phrase, 'open');
  const [other] = best;
  if (!other || best.length > 1)
    return say(
      best.length > 1
        ? whichOne(place.phrase, best, 'use as the place for')
        : noneFits(place.phrase, near, 'move it next to'),
    );
  if (place.at === 'under') return move(null, other.id, `under ${quoted(other.title)}`);
  if (place.at === 'after') return move(other.id, null, `behind ${quoted(other.title)}`);
  const siblings = snapshot.tasks.filter((task) => task.parentId === other.parentId && !choice.tasks.includes(task));
  const before = siblings[siblings.indexOf(other) - 1];
  return move(before?.id ?? 'top', null, `before ${quoted(other.title)}`);
}

export function planDelete({ targets }: Of<'delete'>, snapshot: Snapshot, recent: Recent): Plan {
  const choice = choose(targets, snapshot, recent, 'any', 'delete');
  if ('ask' in choice) return say(choice.ask);
  const open = snapshot.tasks.filter((task) => !task.done).length;
  const doomed = choice.tasks.filter((task) => !task.done).length;
  if (doomed * 2 > open && (choice.tasks.length > 1 || !choice.isNamed)) return say(sureToDelete(choice.tasks, open));
  const calls = inCalls(idsOf(choice.tasks), (ids) => ({ name: 'delete_task', args: { list: null, ids } }));
  return {
    calls,
    reply: `Deleted ${these(choice.tasks)}. You can bring ${choice.tasks.length === 1 ? 'it' : 'them'} back with undo.`,
  };
}
