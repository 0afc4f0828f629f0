import { addDays, daysBetween, wallClock } from '@muster/domain/dates/calendar';
import type { ToolTask } from '@muster/domain/tools/tool';
import type { Due } from '@muster/protocol/due';
import type { Snapshot } from '../snapshot.ts';

/** Small pieces of English. */

export const quoted = (title: string): string => `“${title.length > 120 ? `${title.slice(0, 120)}…` : title}”`;
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** "a, b and c". */
export function joined(parts: string[], word = 'and'): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} ${word} ${parts.at(-1)}`;
}

/** "“Buy milk”", or "5 tasks" where naming them would be long. */
export const these = (tasks: ToolTask[]): string =>
  tasks.length <= 4 ? joined(tasks.map((task) => quoted(task.title))) : `${tasks.length} tasks`;

/** "today", "tomorrow at 09:00", "Fri 6 Mar", with the year where it is another. */
export function dueWords(due: Due | null, snapshot: Pick<Snapshot, 'now' | 'zone'>): string {
  if (!due) return 'without a date';
  const today = wallClock(snapshot.now, snapshot.zone).date;
  const days = daysBetween(today, due.date);
  const time = due.time === undefined ? '' : ` at ${due.time}`;
  if (days === 0) return `today${time}`;
  if (due.date === addDays(today, 1)) return `tomorrow${time}`;
  if (days === -1) return `yesterday${time}`;
  const withYear = due.date.slice(0, 4) !== today.slice(0, 4);
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(withYear ? { year: 'numeric' as const } : {}),
  });
  return `${format.format(Date.parse(`${due.date}T00:00:00Z`)).replace(',', '')}${time}`;
}

/** Tasks as lines, each with what matters of it. */
export const bullets = (tasks: ToolTask[], snapshot: Snapshot): string =>
  tasks
    .map((task) => {
      const facts = [
        task.due ? dueWords(task.due, snapshot) : '',
        task.priority === 'urgent' || task.priority === 'high' ? task.priority : '',
        task.assignees.join(', '),
      ].filter((fact) => fact !== '');
      return `- ${task.title.replace(/\n/gu, ' ').slice(0, 160)}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
    })
    .join('\n');
