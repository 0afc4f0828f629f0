import type { Task } from '@muster/protocol/task';
import { isOverdue, type DueReader } from '#lib/due/format-due.ts';

/** Three things that one might ask of this list now: about what is late, undated or long, else how to begin. */
export function suggestionsFor(
  title: string,
  tasks: readonly Pick<Task, 'title' | 'done' | 'due' | 'priority' | 'parentId' | 'assigneeIds'>[],
  reader: DueReader,
): string[] {
  const open = tasks.filter((task) => !task.done);
  if (open.length === 0) {
    return [
      title === '' ? 'Plan the week' : `Plan “${title}” in a few steps`,
      'Add milk, eggs and call the bank tomorrow at 9',
      tasks.length > 0 ? 'What did we get done here?' : 'What can you do?',
    ];
  }
  const late = open.filter((task) => task.due && isOverdue(task.due, reader)).length;
  const undated = open.filter((task) => !task.due).length;
  const urgent = open.some((task) => task.priority === 'urgent' || task.priority === 'high');
  const big = open.find((task) => task.parentId === null && task.title.length > 12);
  return [
    ...(late > 0 ? [late === 1 ? 'Which task is overdue?' : `Show the ${late} overdue tasks`] : []),
    ...(big ? [`Break “${shortened(big.title)}” into steps`] : []),
    ...(urgent ? ['What is most urgent?'] : []),
    'What is due this week?',
    ...(undated > 2 ? [`Which ${undated} tasks have no date?`] : []),
    'Sum up where we are',
  ].slice(0, 3);
}

const shortened = (title: string): string => (title.length > 34 ? `${title.slice(0, 33).trimEnd()}…` : title);
