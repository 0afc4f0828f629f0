import type { Due } from '@muster/protocol/due';
import { Chrono, configuration, type ParsedResult } from 'chrono-node/en';
import { addDays, offsetMinutes, startOfWeek, wallClock } from './calendar.ts';
import { isMeantAsDate } from './is-meant-as-date.ts';
import { ordinalDayParser } from './ordinal-day-parser.ts';
import { monthDayParser } from './month-day-parser.ts';
import type { DateContext, FoundDate } from './date-context.ts';

/** What the parts of a day mean as a time of the clock, where someone asked for one ("tomorrow morning"). */
const DAY_PARTS: Record<string, string> = {
  morning: '09:00',
  afternoon: '15:00',
  evening: '19:00',
  night: '21:00',
  tonight: '20:00',
};
/** "At 5" without am or pm is in the afternoon; "at 8" may be either, and is the morning. */
const AFTERNOON_HOURS = { from: 1, to: 6 };

const readers = new Map<boolean, Chrono>();

function readerFor(isDayFirst: boolean): Chrono {
  let reader = readers.get(isDayFirst);
  if (!reader) {
    reader = new Chrono(configuration.createCasualConfiguration(isDayFirst));
    reader.parsers.unshift(ordinalDayParser, monthDayParser);
    reader.refiners.push({
      refine: (context, results) => results.filter((result) => isMeantAsDate(context.text, result)),
    });
    readers.set(isDayFirst, reader);
  }
  return reader;
}

/**
 * The dates that a person meant, in the order of the text. Loads chrono-node with it: import this file lazily.
 * Words before a date that belong to it ("by", "on", "due") are part of what was found.
 */
export function findDates(text: string, context: DateContext): FoundDate[] {
  const reference = { instant: new Date(context.now), timezone: offsetMinutes(context.now, context.zone) };
  return readerFor(context.isDayFirst)
    .parse(text, reference, { forwardDate: true })
    .flatMap((result) => {
      const due = dueOf(result, context);
      return due ? [{ ...stretchOf(text, result), due }] : [];
    });
}

function stretchOf(text: string, result: ParsedResult): { start: number; end: number } {
  const before = text.slice(0, result.index);
  const lead = /(?<=^|\s)(?:(?:due|by|on|until|till|before|at|for|in)\s+){1,2}$/iu.exec(before)?.[0] ?? '';
  // "For" is of the sentence ("plan for friday"), unless nothing else is said.
  const own = /^(?:for|in)\s+$/iu.test(lead) ? '' : lead;
  const matched = result.text.trimEnd();
  return { start: result.index - own.length, end: result.index + matched.length };
}

function dueOf(result: ParsedResult, context: DateContext): Due | null {
  const { start } = result;
  const today = wallClock(context.now, context.zone);
  let date = [start.get('year'), start.get('month'), start.get('day')]
    .map((part) => String(part ?? 0).padStart(2, '0'))
    .join('-');
  if (/^\s*(?:by\s+)?next week\b/iu.test(result.text)) {
    date = addDays(startOfWeek(today.date, context.weekStart), 7);
  }
  const time = timeOf(result, date === today.date ? today.time : null);
  const isOnlyTime = !start.isCertain('day') && !start.isCertain('weekday') && !start.isCertain('month');
  if (isOnlyTime && time !== null) date = time <= today.time ? addDays(today.date, 1) : today.date;
  // What lies behind us is told, not planned; a year that someone wrote out is meant.
  if (date < today.date && !start.isCertain('year')) return null;
  if (/\b(?:last|past|ago|yesterday)\b/iu.test(result.text)) return null;
  return time === null ? { date } : { date, time, zone: context.zone };
}

function timeOf(result: ParsedResult, nowIfToday: string | null): string | null {
  const { start } = result;
  const part = /\b(morning|afternoon|evening|tonight|night)\b/iu.exec(result.text)?.[1]?.toLowerCase();
  const hasClock =
    /\d\s*(?:[:.h]\s*\d{2}|[ap]\.?m\b|o'?clock)|\bat\s+\d|\b(?:noon|midday|midnight)\b|\b(?:hours?|hrs?|minutes?|mins?)\b/iu.test(
      result.text,
    );
  if (part && !hasClock) return DAY_PARTS[part] ?? null;
  if (!start.isCertain('hour')) return null;
  let hour = start.get('hour') ?? 0;
  const minute = start.get('minute') ?? 0;
  const written = /\b(\d{1,2})(?:[:.]\d{2})?\s*(?:[ap]\.?m\.?)?\s*$/iu.exec(result.text)?.[1] ?? '';
  const isLoose =
    !start.isCertain('meridiem') &&
    hour < 12 &&
    !written.startsWith('0') &&
    !/\b(?:hours?|hrs?|minutes?|mins?)\b/iu.test(result.text);
  if (isLoose && hour >= AFTERNOON_HOURS.from && hour <= AFTERNOON_HOURS.to) hour += 12;
  else if (isLoose && hour > 0 && nowIfToday !== null && clock(hour, minute) <= nowIfToday) hour += 12;
  return clock(hour, minute);
}

const clock = (hour: number, minute: number): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
