import { expect, it } from 'vitest';
import { moment, whenInFull, whenInWords } from './time-words.ts';

/** Thursday 5 March 2026, 10:00 in Berlin. */
const reader = { now: Date.parse('2026-03-05T09:00:00Z'), zone: 'Europe/Berlin' };

it.each([
  ['2026-03-05T08:59:30Z', 'Just now'],
  ['2026-03-05T09:00:30Z', 'Just now'],
  ['2026-03-05T08:55:00Z', '5 min ago'],
  ['2026-03-05T07:30:00Z', '08:30'],
  ['2026-03-04T22:30:00Z', 'Yesterday 23:30'],
  ['2026-03-02T12:00:00Z', 'Mon 2 Mar, 13:00'],
  ['2025-03-02T12:00:00Z', '2 Mar 2025, 13:00'],
])('%s was “%s”', (at, words) => expect(whenInWords(Date.parse(at), reader)).toBe(words));

it('says a moment in full', () => {
  const at = Date.parse('2026-03-05T07:30:00Z');
  expect(whenInFull(at, reader)).toBe('Thursday 5 March 2026, 08:30');
  expect(moment(at, reader)).toBe('Thu 5 Mar, 08:30');
});
