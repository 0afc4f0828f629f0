import { expect, it } from 'vitest';
import { Random } from '../../sim/random.ts';
import { createSchedule, FAULTS } from './schedule.ts';

it('is the same for the same seed, and another for another', () => {
  const of = (seed: number) => createSchedule(new Random(seed, 'schedule'), 120_000, false);
  expect(of(7)).toEqual(of(7));
  expect(of(7)).not.toEqual(of(8));
});

it('has every kind once where it is brief, and all of it within the storm', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const events = createSchedule(new Random(seed), 12_000, true);
    expect(events.map(({ fault }) => fault).sort()).toEqual([...FAULTS].sort());
    expect(Math.max(...events.map(({ atMs }) => atMs))).toBeLessThan(12_000);
  }
});

it('has every kind in two minutes, in order of time', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const events = createSchedule(new Random(seed), 120_000, false);
    expect(new Set(events.map(({ fault }) => fault))).toEqual(new Set(FAULTS));
    expect(events.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).sort((a, b) => a - b));
  }
});
