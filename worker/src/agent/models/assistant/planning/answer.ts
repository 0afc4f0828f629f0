import { wallClock } from '@muster/domain/dates/calendar';
import type { ToolTask } from '@muster/domain/tools/tool';
import { PRIORITIES } from '@muster/protocol/task';
import { findByFilter, findByWords, isOverdue } from '../finding/find-tasks.ts';
import type { Filter, Request } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';
import { bullets, counted, dueWords, joined, quoted } from '../wording/phrasing.ts';
import { filterWords } from '../wording/filter-words.ts';

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;

/** How many tasks an answer names one by one. */
const SHOWN = 20;

const byUrgency =
  (snapshot: Snapshot) =>
  (a: ToolTask, b: ToolTask): number => {
    const weight = (task: ToolTask) =>
      (isOverdue(task, snapshot) ? 4 : 0) +
      (isDueBy(task, today(snapshot)) ? 2 : 0) +
      PRIORITIES.indexOf(task.priority) * 1.1;
    return weight(b) - weight(a) || (a.due?.date ?? '9').localeCompare(b.due?.date ?? '9');
  };
const today = (snapshot: Snapshot): string => wallClock(snapshot.now, snapshot.zone).date;
const isDueBy = (task: ToolTask, day: string): boolean => task.due !== null && task.due.date <= day;
const byDue = (a: ToolTask, b: ToolTask): number => (a.due?.date ?? '9').localeCompare(b.due?.date ?? '9');

/** What is asked for today is also what should have been done before. */
function widened(filter: Filter, snapshot: Snapshot): Filter {
  const isToday = filter.dueFrom === today(snapshot) && filter.dueTo === today(snapshot) && filter.status === 'open';
  return isToday ? { ...filter, dueFrom: '0000-01-01' } : filter;
}

export function answerShow({ filter }: Of<'show'>, snapshot: Snapshot): string {
  const found = findByFilter(snapshot, widened(filter, snapshot));
  const words = filterWords(filter, snapshot, found.length);
  if (found.length === 0 && filter.words !== undefined) {
    const { near } = findByWords(snapshot, filter.words, 'any');
    const hint =
      near.length > 0
        ? ` The closest ${near.length === 1 ? 'is' : 'are'} ${joined(near.slice(0, 3).map((task) => quoted(task.title)))}.`
        : '';
    return `I found nothing about “${filter.words}” in this list.${hint}`;
  }
  if (found.length === 0)
    return filter.isOverdue ? 'Nothing is overdue. Well kept!' : `There are no ${words} in this list.`;
  const isByDate = filter.dueTo !== undefined || filter.isOverdue === true;
  const sorted = isByDate ? found.toSorted(byDue) : found;
  const rest = found.length > SHOWN ? `\n\nand ${found.length - SHOWN} more.` : '';
  return `${found.length} ${words}:\n\n${bullets(sorted.slice(0, SHOWN), snapshot)}${rest}`;
}

export function answerCount({ filter }: Of<'count'>, snapshot: Snapshot): string {
  const found = findByFilter(snapshot, filter);
  return `There ${found.length === 1 ? 'is' : 'are'} ${found.length} ${filterWords(filter, snapshot, found.length)}.`;
}

export function answerAbout({ question, phrase }: Of<'about'>, snapshot: Snapshot): string {
  const { best, near } = findByWords(snapshot, phrase, 'any');
  if (best.length === 0) {
    const hint =
      near.length > 0
        ? ` Did you mean ${joined(
            near.slice(0, 3).map((task) => quoted(task.title)),
            'or',
          )}?`
        : '';
    return `I found no task like “${phrase}” in this list.${hint}`;
  }
  return best
    .slice(0, 5)
    .map((task) => oneAbout(task, question, snapshot))
    .join('\n');
}

function oneAbout(task: ToolTask, question: 'when' | 'isDone' | 'who' | 'details', snapshot: Snapshot): string {
  const name = quoted(task.title);
  if (question === 'isDone')
    return task.done
      ? `Yes, ${name} is done.`
      : `Not yet: ${name} is still open${task.due ? `, due ${dueWords(task.due, snapshot)}` : ''}.`;
  if (question === 'who')
    return task.assignees.length > 0
      ? `${joined(task.assignees)} ${task.assignees.length === 1 ? 'has' : 'have'} ${name}.`
      : `Nobody is assigned to ${name} yet.`;
  if (question === 'when') {
    if (!task.due) return `${name} has no due date.`;
    return `${name} is due ${dueWords(task.due, snapshot)}${task.done ? ', and it is done' : isOverdue(task, snapshot) ? ', so it is overdue' : ''}.`;
  }
  const facts = [
    task.done ? 'done' : 'open',
    task.due ? `due ${dueWords(task.due, snapshot)}` : '',
    task.priority === 'none' ? '' : `${task.priority} priority`,
    task.labels.length > 0 ? `labelled ${joined(task.labels)}` : '',
    task.assignees.length > 0 ? `assigned to ${joined(task.assignees)}` : '',
  ].filter((fact) => fact !== '');
  return `${name}: ${facts.join(', ')}.${task.notes === '' ? '' : `\n\n${task.notes}`}`;
}

export function answerFirst(snapshot: Snapshot): string {
  const open = snapshot.tasks.filter((task) => !task.done);
  if (open.length === 0) return 'Nothing is open in this list. Enjoy it, or tell me what comes next.';
  const [first, ...others] = open.toSorted(byUrgency(snapshot));
  if (!first) return '';
  const why = reasons(first, snapshot);
  const next = others
    .slice(0, 2)
    .map((task) => `${quoted(task.title)}${reasons(task, snapshot) ? ` (${reasons(task, snapshot)})` : ''}`);
  return `Start with ${quoted(first.title)}${why ? `: it is ${why}` : ''}.${next.length > 0 ? ` After that, ${joined(next)}.` : ''}`;
}

function reasons(task: ToolTask, snapshot: Snapshot): string {
  const parts = [
    isOverdue(task, snapshot)
      ? `overdue since ${dueWords(task.due, snapshot)}`
      : task.due?.date === today(snapshot)
        ? 'due today'
        : '',
    task.priority === 'urgent' ? 'urgent' : task.priority === 'high' ? 'of high priority' : '',
  ];
  return joined(parts.filter((part) => part !== ''));
}

export function answerSummary(snapshot: Snapshot): string {
  const open = snapshot.tasks.filter((task) => !task.done);
  const done = snapshot.tasks.length - open.length;
  if (snapshot.tasks.length === 0)
    return `“${snapshot.title}” is empty. Tell me what there is to do, or ask me to plan something.`;
  const group = (title: string, tasks: ToolTask[]) =>
    tasks.length === 0 ? '' : `\n\n**${title}**\n${bullets(tasks.slice(0, 8), snapshot)}`;
  const overdue = open.filter((task) => isOverdue(task, snapshot));
  const due = open.filter((task) => !overdue.includes(task) && task.due?.date === today(snapshot));
  const pressing = open.filter(
    (task) =>
      !overdue.includes(task) && !due.includes(task) && (task.priority === 'urgent' || task.priority === 'high'),
  );
  const soon = open
    .filter((task) => ![...overdue, ...due, ...pressing].includes(task) && task.due !== null)
    .toSorted(byDue);
  return (
    `“${snapshot.title}” has ${counted(open.length, 'open task')} and ${done} done. ${overdue.length === 0 ? 'Nothing is overdue.' : `${overdue.length} ${overdue.length === 1 ? 'is' : 'are'} overdue.`}` +
    group('Overdue', overdue) +
    group('Today', due) +
    group('Pressing', pressing) +
    group('Coming up', soon)
  );
}
