import type { Due } from '@muster/protocol/due';
import { daysBetween, instantOf, wallClock, weekdayOf } from '@muster/domain/dates/calendar';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
/** Beyond this a count of days says less than the date. */
const DAYS_IN_WORDS = 13;

/** Who reads a due date, and when. */
export interface DueReader {
  /** Milliseconds since 1970. */
  now: number;
  /** The reader's IANA zone. */
  zone: string;
}

export interface DueLabel {
  /** For a row: "Today", "Tomorrow 17:00", "Mon 9 Mar", "3 days ago". */
  text: string;
  /** In full, for tooltips and screen readers: "Overdue: Monday 2 March 2026, 17:00". */
  full: string;
  kind: 'overdue' | 'today' | 'later';
}

/** The due date as the reader's own wall clock shows it: an instant is turned into their zone, a day stays a day. */
export function dueWallClock(due: Due, zone: string): { date: string; time: string | null } {
  if (!due.time) return { date: due.date, time: null };
  if (!due.zone || due.zone === zone) return { date: due.date, time: due.time };
  return wallClock(instantOf(due.date, due.time, due.zone), zone);
}

const monthOf = (date: string): string => MONTHS[Number(date.slice(5, 7)) - 1] ?? '';
const dayOf = (date: string): number => Number(date.slice(8, 10));

/** "Mon 9 Mar", with the year where it is another than `today`'s. */
export function shortDate(date: string, today: string): string {
  const year = date.slice(0, 4) === today.slice(0, 4) ? '' : ` ${date.slice(0, 4)}`;
  const weekday = (WEEKDAYS[weekdayOf(date)] ?? '').slice(0, 3);
  return year
    ? `${dayOf(date)} ${monthOf(date).slice(0, 3)}${year}`
    : `${weekday} ${dayOf(date)} ${monthOf(date).slice(0, 3)}`;
}

/** "Monday 9 March 2026". */
export const longDate = (date: string): string =>
  `${WEEKDAYS[weekdayOf(date)]} ${dayOf(date)} ${monthOf(date)} ${date.slice(0, 4)}`;

/** "March 2026". */
export const monthTitle = (date: string): string => `${monthOf(date)} ${date.slice(0, 4)}`;

/** Two letters of each weekday, from `weekStart` on. */
export const weekdayHeads = (weekStart: number): { short: string; long: string }[] =>
  Array.from({ length: 7 }, (_, at) => WEEKDAYS[(weekStart + at) % 7] ?? '').map((long) => ({
    short: long.slice(0, 2),
    long,
  }));

/** Whether a due date is over: a day when it has ended for the reader, a time when it has passed. */
export function isOverdue(due: Due, reader: DueReader): boolean {
  const { date, time } = dueWallClock(due, reader.zone);
  const today = wallClock(reader.now, reader.zone);
  return date < today.date || (date === today.date && time !== null && time < today.time);
}

/**
 * A due date in words. What is overdue says so by its words, never by its colour alone.
 * @param isDone done tasks are never overdue
 */
export function formatDue(due: Due, reader: DueReader, isDone = false): DueLabel {
  const { date, time } = dueWallClock(due, reader.zone);
  const today = wallClock(reader.now, reader.zone).date;
  const days = daysBetween(today, date);
  const isOver = !isDone && isOverdue(due, reader);
  const at = time === null ? '' : ` ${time}`;
  const full = `${isOver ? 'Overdue: ' : ''}${longDate(date)}${time === null ? '' : `, ${time}`}`;
  const kind = isOver ? 'overdue' : days === 0 ? 'today' : 'later';
  return { text: wordsFor(), full, kind };

  function wordsFor(): string {
    if (days === 0) return isOver ? `Overdue since${at}` : `Today${at}`;
    if (days === 1) return `Tomorrow${at}`;
    if (days === -1) return `Yesterday${at}`;
    if (isOver && days >= -DAYS_IN_WORDS) return `${-days} days ago`;
    if (isOver) return `Overdue since ${shortDate(date, today).replace(/^[A-Z][a-z]{2} (?=\d)/, '')}`;
    return `${shortDate(date, today)}${at}`;
  }
}
