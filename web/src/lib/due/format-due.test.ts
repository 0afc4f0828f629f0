import { describe, expect, it } from 'vitest';
import { addMonths, instantOf, monthPage, startOfWeek, wallClock } from '@muster/domain/dates/calendar';
import { formatDue, isOverdue } from './format-due.ts';

/** Thursday 5 March 2026, 10:00 in Berlin. */
const reader = { now: Date.parse('2026-03-05T09:00:00Z'), zone: 'Europe/Berlin' };
const words = (date: string, time?: string, zone?: string) =>
  formatDue({ date, ...(time ? { time } : {}), ...(zone ? { zone } : {}) }, reader);

describe('a due date in words', () => {
  it.each([
    ['2026-03-05', undefined, 'Today', 'today'],
    ['2026-03-05', '17:00', 'Today 17:00', 'today'],
    ['2026-03-05', '09:00', 'Overdue since 09:00', 'overdue'],
    ['2026-03-06', '17:00', 'Tomorrow 17:00', 'later'],
    ['2026-03-09', undefined, 'Mon 9 Mar', 'later'],
    ['2026-03-04', undefined, 'Yesterday', 'overdue'],
    ['2026-03-02', '12:00', '3 days ago', 'overdue'],
    ['2026-01-02', undefined, 'Overdue since 2 Jan', 'overdue'],
    ['2025-01-02', undefined, 'Overdue since 2 Jan 2025', 'overdue'],
    ['2027-03-09', undefined, '9 Mar 2027', 'later'],
  ])('%s %s is “%s”', (date, time, text, kind) => expect(words(date, time)).toMatchObject({ text, kind }));

  it('shows an instant in the reader’s zone, and a day as it is', () => {
    expect(words('2026-03-05', '23:30', 'America/New_York').text).toBe('Tomorrow 05:30');
    expect(formatDue({ date: '2026-03-05' }, { ...reader, zone: 'Pacific/Honolulu' }).text).toBe('Tomorrow');
  });

  it('says overdue in full, and never of what is done', () => {
    expect(words('2026-03-04').full).toBe('Overdue: Wednesday 4 March 2026');
    expect(formatDue({ date: '2026-03-04' }, reader, true)).toMatchObject({ text: 'Yesterday', kind: 'later' });
    expect(isOverdue({ date: '2026-03-05' }, reader)).toBe(false);
  });
});

describe('the calendar', () => {
  it('turns instants and wall clocks into each other across a change of the clocks', () => {
    for (const [date, time] of [
      ['2026-03-29', '01:59'],
      ['2026-03-29', '03:00'],
      ['2026-10-25', '01:30'],
      ['2026-07-01', '12:00'],
    ] as const) {
      expect(wallClock(instantOf(date, time, 'Europe/Berlin'), 'Europe/Berlin')).toEqual({ date, time });
    }
    // The hour that spring skips does not fall out of the day.
    expect(wallClock(instantOf('2026-03-29', '02:30', 'Europe/Berlin'), 'Europe/Berlin')).toEqual({
      date: '2026-03-29',
      time: '03:30',
    });
  });

  it('counts weeks from the reader’s first day, and months to their last', () => {
    expect(startOfWeek('2026-03-05', 1)).toBe('2026-03-02');
    expect(startOfWeek('2026-03-05', 0)).toBe('2026-03-01');
    expect(monthPage('2026-03-05', 1)[0]).toBe('2026-02-23');
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28');
    expect(addMonths('2026-01-31', -2)).toBe('2025-11-30');
  });
});
