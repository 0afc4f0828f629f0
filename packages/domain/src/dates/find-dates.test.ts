import { describe, expect, it } from 'vitest';
import { findDates } from './find-dates.ts';

/** Thursday 5 March 2026, 10:00 in Berlin. */
const context = { now: Date.parse('2026-03-05T09:00:00Z'), zone: 'Europe/Berlin', weekStart: 1, isDayFirst: true };
const read = (text: string, changed: Partial<typeof context> = {}): string[] =>
  findDates(text, { ...context, ...changed }).map(
    ({ start, end, due }) => `${text.slice(start, end)} = ${due.date}${due.time ? ` ${due.time}` : ''}`,
  );

describe('dates that were meant', () => {
  it.each([
    ['Pay rent on the 1st', 'on the 1st = 2026-04-01'],
    ['pay on the 5th', 'on the 5th = 2026-03-05'],
    ['submit by the 15th', 'by the 15th = 2026-03-15'],
    ['Plan day 3 on the 2nd at 9', 'on the 2nd at 9 = 2026-04-02 09:00'],
    ['call Ada tomorrow 5pm', 'tomorrow 5pm = 2026-03-06 17:00'],
    ['standup mon 9:30', 'mon 9:30 = 2026-03-09 09:30'],
    ['Confirm the boat friday 5pm', 'friday 5pm = 2026-03-06 17:00'],
    ['lunch sat', 'sat = 2026-03-07'],
    ['report by friday', 'by friday = 2026-03-06'],
    ['Friday team lunch', 'Friday = 2026-03-06'],
    ['dentist 9 March 14:00', '9 March 14:00 = 2026-03-09 14:00'],
    ['Dentist March 9th at 2pm', 'March 9th at 2pm = 2026-03-09 14:00'],
    ['jan 3', 'jan 3 = 2027-01-03'],
    ['dentist appointment march 12 at 3:30pm', 'march 12 at 3:30pm = 2026-03-12 15:30'],
    ['call on march 12 3pm', 'on march 12 3pm = 2026-03-12 15:00'],
    ['pay by April 30, 2027', 'by April 30, 2027 = 2027-04-30'],
    ['renew passport by June', 'by June = 2026-06-01'],
    ['taxes by 30/4', 'by 30/4 = 2026-04-30'],
    ['ship 2026-04-01', '2026-04-01 = 2026-04-01'],
    ['water plants in 3 days', 'in 3 days = 2026-03-08'],
    ['in 2 hours check oven', 'in 2 hours = 2026-03-05 12:00'],
    ['standup tomorrow morning', 'tomorrow morning = 2026-03-06 09:00'],
    ['call mum tonight', 'tonight = 2026-03-05 20:00'],
    ['meet Ada at noon', 'at noon = 2026-03-05 12:00'],
    ['Call at 5', 'at 5 = 2026-03-05 17:00'],
    ['meeting at 05:00', 'at 05:00 = 2026-03-06 05:00'],
    ['meeting 17:00', '17:00 = 2026-03-05 17:00'],
    ['breakfast 08:00', '08:00 = 2026-03-06 08:00'],
    ['due tomorrow write notes', 'due tomorrow = 2026-03-06'],
    ['tomorrow: call bank', 'tomorrow = 2026-03-06'],
    ['review next week', 'next week = 2026-03-09'],
    ['end of month report', 'end of month = 2026-03-31'],
  ])('%s', (text, expected) => expect(read(text)).toEqual([expected]));

  it('begins next week with the reader’s first day', () => {
    expect(read('review next week', { weekStart: 0 })).toEqual(['next week = 2026-03-08']);
  });

  it('reads 3/4 as the reader writes it', () => {
    expect(read('due 5/4')).toEqual(['due 5/4 = 2026-04-05']);
    expect(read('due 5/4', { isDayFirst: false })).toEqual(['due 5/4 = 2026-05-04']);
  });

  it('reads dates in the zone of the reader, whatever the machine’s', () => {
    // 09:00 UTC on the 5th is still the 4th in Honolulu, and 23:00 there.
    expect(read('call tomorrow 5pm', { zone: 'Pacific/Honolulu' })).toEqual(['tomorrow 5pm = 2026-03-05 17:00']);
    expect(read('call at 11:30pm', { zone: 'Pacific/Honolulu' })).toEqual(['at 11:30pm = 2026-03-04 23:30']);
    expect(findDates('call tomorrow 5pm', { ...context, zone: 'Asia/Kolkata' })[0]?.due).toEqual({
      date: '2026-03-06',
      time: '17:00',
      zone: 'Asia/Kolkata',
    });
  });

  it('finds each of several', () => {
    expect(read('prepare monday slides by friday')).toEqual(['monday = 2026-03-09', 'by friday = 2026-03-06']);
  });
});

describe('what only looks like a date', () => {
  it.each([
    'buy sun cream',
    'call mon ami',
    'make it a second time',
    'Watch Black Friday',
    'Sunday roast',
    'Send the 1st draft',
    'Paint on the 2nd floor',
    'call the 3rd supplier',
    '10-12 chairs',
    '3-4 pieces',
    'Fix bug 1.2.3',
    'Upgrade to Node 24.1',
    'call 555-1234',
    'Buy 2 1/2 cups of flour',
    '24/7 support',
    '9/11 memorial',
    'read chapter 3',
    '5 day trip',
    'Pack for 3 days',
    '2 hours of reading',
    'Run for 5 minutes',
    'give it 5 mins',
    '10 minute break',
    '100 m in 10 s',
    'wait a sec',
    'Ask Jan about April',
    'May I go',
    'May flowers',
    'meet May',
    'march to the office',
    'Buy mar bar',
    'sat nav update',
    'the cat sat on the mat',
    'walk in the sun',
    'wed Smith',
    'fri ends',
    'Write thu-tests',
    'Email Tue Nguyen',
    'night lamp',
    'Good morning call',
    'Summarise yesterday’s meeting',
    "tomorrow's agenda",
    'last week report',
    'Do it now',
    'one day',
    'a week off',
    'the man of the month',
    'Drink 2 l a day',
    'Room 101',
    'Blade Runner 2049',
    'Read 1984',
    '2026 plan',
    'Prepare Q2 2026',
    'second hand shop',
    'monday.com account',
    'at 5 Main Street',
    '1 on 1 with Bob',
    'Order 12 eggs',
    'Mix 3:1',
    'pay 17.50',
    'Buy 3 t-shirts',
  ])('%s', (text) => expect(read(text)).toEqual([]));
});
