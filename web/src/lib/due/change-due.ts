import { wallClock } from '@muster/domain/dates/calendar';
import type { Due } from '@muster/protocol/due';
import { dueWallClock, type DueReader } from './format-due.ts';

/** What was picked: another day, another time of day (none where it is empty), or a whole date. */
export type DueChange = { day: string } | { time: string } | { due: Due | null };

/** What a task's own date becomes: the day or the time that was not picked stays, as the reader sees it. */
export function changeDue(due: Due | null, change: DueChange, { now, zone }: DueReader): Due | null {
  if ('due' in change) return change.due;
  const shown = due && dueWallClock(due, zone);
  if ('day' in change) return shown?.time ? { date: change.day, time: shown.time, zone } : { date: change.day };
  if (change.time === '') return shown && { date: shown.date };
  return { date: shown?.date ?? wallClock(now, zone).date, time: change.time, zone };
}
