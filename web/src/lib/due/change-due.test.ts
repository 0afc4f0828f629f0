import { describe, expect, it } from 'vitest';
import { changeDue } from './change-due.ts';

const reader = { now: Date.parse('2026-03-09T10:00:00Z'), zone: 'Europe/Berlin' };
const evening = { date: '2026-03-12', time: '17:00', zone: 'Europe/Berlin' };
/** Half past eleven in the evening there is half past four in the morning after in Berlin. */
const inNewYork = { date: '2026-03-12', time: '23:30', zone: 'America/New_York' };

describe('another day', () => {
  it('keeps the time that the reader sees', () => {
    const day = { day: '2026-03-20' };
    expect(changeDue(evening, day, reader)).toEqual({ ...evening, date: '2026-03-20' });
    expect(changeDue(inNewYork, day, reader)).toEqual({ date: '2026-03-20', time: '04:30', zone: 'Europe/Berlin' });
    expect(changeDue({ date: '2026-03-12' }, day, reader)).toEqual({ date: '2026-03-20' });
    expect(changeDue(null, day, reader)).toEqual({ date: '2026-03-20' });
  });
});

describe('another time', () => {
  it('keeps the day that the reader sees, and is today’s where there was none', () => {
    const time = { time: '09:00' };
    expect(changeDue(evening, time, reader)).toEqual({ ...evening, time: '09:00' });
    expect(changeDue(inNewYork, time, reader)).toEqual({ date: '2026-03-13', time: '09:00', zone: 'Europe/Berlin' });
    expect(changeDue(null, time, reader)).toEqual({ date: '2026-03-09', time: '09:00', zone: 'Europe/Berlin' });
  });

  it('leaves the day alone where it is taken away', () => {
    expect(changeDue(evening, { time: '' }, reader)).toEqual({ date: '2026-03-12' });
    expect(changeDue(null, { time: '' }, reader)).toBeNull();
  });
});

it('is what is given where both are', () => {
  expect(changeDue(evening, { due: null }, reader)).toBeNull();
  expect(changeDue(null, { due: evening }, reader)).toEqual(evening);
});
