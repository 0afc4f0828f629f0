import type { Stored } from '@muster/protocol/entity';
import { PRIORITIES, type Task } from '@muster/protocol/task';
import { dueWallClock } from '../due/format-due.ts';
import type { ListOptions } from './list-options.ts';

/** One line of the grid. */
export interface Row {
  id: string;
  task: Stored<'task'>;
  /** 1 for a task, 2 for a sub-task: `aria-level`. */
  level: 1 | 2;
  childCount: number;
  childDone: number;
  /** Undefined where there is nothing to expand. */
  isExpanded: boolean | undefined;
  /** What the row stands under, where the list is grouped: a day, a priority, a label's id, a person's id, or ''. */
  group: string;
}

interface Context {
  collapsed: ReadonlySet<string>;
  labels: readonly Stored<'label'>[];
  /** The reader's zone: a due date stands where their own clock puts it, as its row says. */
  zone: string;
}

/** Lays tasks (in their own order) out as rows: filtered, sorted, grouped, sub-tasks behind their parents. Pure. */
export function arrange(
  tasks: readonly Stored<'task'>[],
  options: ListOptions,
  { collapsed, labels, zone }: Context,
): { open: Row[]; done: Row[] } {
  const ids = new Set(tasks.map((task) => task.id));
  const children = new Map<string, Stored<'task'>[]>();
  const tops: Stored<'task'>[] = [];
  for (const task of tasks) {
    const parent = task.value.parentId;
    if (parent === null || !ids.has(parent)) tops.push(task);
    else children.set(parent, [...(children.get(parent) ?? []), task]);
  }
  const isWanted = wanted(options);
  const shown = tops.filter(
    (top) => isWanted(top.value) || (children.get(top.id) ?? []).some((child) => isWanted(child.value)),
  );
  const compare = comparison(options, zone);
  if (compare) shown.sort((a, b) => compare(a.value, b.value));
  const open: Row[] = [];
  const done: Row[] = [];
  for (const { group, top } of grouped(shown, options, labels, zone)) {
    const under = children.get(top.id) ?? [];
    const row = (task: Stored<'task'>, level: 1 | 2, own: Stored<'task'>[]): Row => ({
      id: task.id,
      task,
      level,
      childCount: own.length,
      childDone: own.filter((child) => child.value.done).length,
      isExpanded: own.length > 0 ? !collapsed.has(task.id) : undefined,
      group,
    });
    const into = top.value.done ? done : open;
    into.push(row(top, 1, under));
    if (!collapsed.has(top.id)) for (const child of under) into.push(row(child, 2, []));
  }
  // What was finished last is looked for first.
  if (!compare) return { open, done: newestFirst(done) };
  return { open, done };
}

function newestFirst(rows: Row[]): Row[] {
  const blocks: Row[][] = [];
  for (const row of rows) {
    if (row.level === 1) blocks.push([row]);
    else blocks.at(-1)?.push(row);
  }
  const doneAt = (block: Row[]): number => block[0]?.task.value.doneAt ?? Number.MAX_SAFE_INTEGER;
  return blocks.sort((a, b) => doneAt(b) - doneAt(a)).flat();
}

function wanted({ labelId, assigneeId }: ListOptions): (task: Task) => boolean {
  return (task) =>
    (labelId === null || task.labelIds.includes(labelId)) &&
    (assigneeId === null || task.assigneeIds.includes(assigneeId));
}

/** When a task is due for this reader, as text that sorts: the day, then what has a time before what has none. */
export function dueKey({ due }: Task, zone: string): string | undefined {
  if (!due) return undefined;
  const { date, time } = dueWallClock(due, zone);
  return `${date}T${time ?? '99'}`;
}

const urgency = (task: Task): number => -PRIORITIES.indexOf(task.priority);

function comparison({ sort }: ListOptions, zone: string): ((a: Task, b: Task) => number) | undefined {
  switch (sort) {
    case 'manual':
      return undefined;
    case 'due': {
      // Another zone's clock is slow to read: once for each task, not for each comparison.
      const keys = new Map<Task, string>();
      const keyOf = (task: Task): string => {
        const key = keys.get(task) ?? dueKey(task, zone) ?? '~';
        keys.set(task, key);
        return key;
      };
      return (a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0);
    }
    case 'priority':
      return (a, b) => urgency(a) - urgency(b);
    case 'title':
      return (a, b) => a.title.localeCompare(b.title, undefined, { numeric: true });
    case 'created':
      return (a, b) => b.createdAt - a.createdAt;
  }
}

function grouped(
  tops: Stored<'task'>[],
  { group }: ListOptions,
  labels: readonly Stored<'label'>[],
  zone: string,
): { group: string; top: Stored<'task'> }[] {
  if (group === 'none') return tops.map((top) => ({ group: '', top }));
  const order = new Map(labels.map((label, at) => [label.id, at]));
  const firstLabel = (task: Task): string =>
    [...task.labelIds].sort((a, b) => (order.get(a) ?? 1e9) - (order.get(b) ?? 1e9))[0] ?? '';
  const keyOf = (task: Task): { name: string; rank: string } => {
    switch (group) {
      case 'due': {
        const day = task.due ? dueWallClock(task.due, zone).date : undefined;
        return { name: day ?? '', rank: day ?? '~' };
      }
      case 'priority':
        return { name: task.priority, rank: String(9 + urgency(task)) };
      case 'label':
        return { name: firstLabel(task), rank: String(1e6 + (order.get(firstLabel(task)) ?? 9e5)) };
      case 'assignee':
        return { name: task.assigneeIds[0] ?? '', rank: task.assigneeIds[0] ?? '~' };
    }
  };
  return tops
    .map((top, at) => ({ top, at, key: keyOf(top.value) }))
    .sort((a, b) => (a.key.rank < b.key.rank ? -1 : a.key.rank > b.key.rank ? 1 : a.at - b.at))
    .map(({ top, key }) => ({ group: key.name, top }));
}
