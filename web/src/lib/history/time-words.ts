import { daysBetween, wallClock } from '@muster/domain/dates/calendar';
import { longDate, shortDate, type DueReader } from '../due/format-due.ts';

const MINUTE_MS = 60_000;

/** When something was, for the eye: "Just now", "5 min ago", "14:02", "Yesterday 14:02", "Tue 17 Nov, 14:02". */
export function whenInWords(at: number, { now, zone }: DueReader): string {
  const minutes = Math.floor((now - at) / MINUTE_MS);
  if (minutes < 1) return 'Just now';
  if (minutes < 60) return `${minutes} min ago`;
  const { date, time } = wallClock(at, zone);
  const today = wallClock(now, zone).date;
  const days = daysBetween(date, today);
  if (days <= 0) return time;
  return days === 1 ? `Yesterday ${time}` : `${shortDate(date, today)}, ${time}`;
}

/** The day and the time, whatever the day is now: "Tue 17 Nov, 14:02". */
export function moment(at: number, { now, zone }: DueReader): string {
  const { date, time } = wallClock(at, zone);
  return `${shortDate(date, wallClock(now, zone).date)}, ${time}`;
}

/** In full, for tooltips and screen readers: "Tuesday 17 November 2026, 14:02". */
export function whenInFull(at: number, { zone }: DueReader): string {
  const { date, time } = wallClock(at, zone);
  return `${longDate(date)}, ${time}`;
}
