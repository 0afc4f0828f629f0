import { addDays, startOfWeek, wallClock } from '@muster/domain/dates/calendar';
import type { Filter } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';
import { dueWords } from './phrasing.ts';

/** A filter read back, so that people see how they were understood: "overdue tasks", "open tasks labelled bug, due this week". */
export function filterWords(filter: Filter, snapshot: Snapshot, count: number): string {
  const kind = filter.isOverdue ? 'overdue ' : filter.status === 'all' ? '' : `${filter.status} `;
  const parts = [
    filter.priority
      ? filter.priority === 'high'
        ? 'of high or urgent priority'
        : `of ${filter.priority} priority`
      : '',
    filter.label === undefined ? '' : `labelled ${filter.label}`,
    filter.assignee === undefined
      ? ''
      : filter.assignee === 'nobody'
        ? 'assigned to nobody'
        : `assigned to ${filter.assignee === 'me' ? 'you' : filter.assignee}`,
    filter.hasDue === false ? 'without a date' : '',
    spanWords(filter, snapshot),
    filter.words === undefined ? '' : `about “${filter.words}”`,
  ].filter((part) => part !== '');
  return `${kind}task${count === 1 ? '' : 's'} ${parts.join(', ')}`.trim();
}

function spanWords({ dueFrom, dueTo }: Filter, snapshot: Snapshot): string {
  if (dueTo === undefined) return '';
  const today = wallClock(snapshot.now, snapshot.zone).date;
  const week = startOfWeek(today, 1);
  if (dueFrom === dueTo || dueFrom === undefined) return `due ${dueWords({ date: dueTo }, snapshot)}`;
  if (dueFrom === week && dueTo === addDays(week, 6)) return 'due this week';
  if (dueFrom === addDays(week, 7) && dueTo === addDays(week, 13)) return 'due next week';
  if (dueFrom === '0000-01-01') return `due by ${dueWords({ date: dueTo }, snapshot)}`;
  return `due from ${dueWords({ date: dueFrom }, snapshot)} to ${dueTo.endsWith('-31') ? 'the end of the month' : dueWords({ date: dueTo }, snapshot)}`;
}
