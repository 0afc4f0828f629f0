import { expect, it } from 'vitest';
import { createFlushPace } from './flush-pace.ts';

function paceAt(flushesPerSecond: number) {
  let at = 0;
  const pace = createFlushPace({ flushesPerSecond, now: () => at });
  const flushAll = (runs: number, tookMs = 1) => {
    for (let run = 0; run < runs; run++) pace.flushed(`run ${run}`, tookMs);
  };
  return { pace, flushAll, pass: (ms: number) => (at += ms) };
}

it('waits no longer than nobody sees while runs are few', () => {
  const { pace, flushAll, pass } = paceAt(2_000);
  expect(pace.windowMs).toBe(30);
  flushAll(60);
  pass(100);
  expect(pace.windowMs).toBe(30);
});

it('widens with the runs that stream, so that the process flushes as often as it can bear and no more', () => {
  const { pace, flushAll, pass } = paceAt(2_000);
  flushAll(500);
  pass(100);
  expect(pace.windowMs).toBe(250);
  flushAll(10_000);
  pass(100);
  expect(pace.windowMs).toBe(1_000);
});

it('forgets runs that have ended', () => {
  const { pace, flushAll, pass } = paceAt(100);
  flushAll(50);
  pass(1_000);
  flushAll(10);
  expect(pace.windowMs).toBe(500);
  pass(1_500);
  expect(pace.windowMs).toBe(100);
  pass(1_000);
  expect(pace.windowMs).toBe(30);
});

it('widens where a flush takes long, and narrows again', () => {
  const { pace } = paceAt(2_000);
  for (let n = 0; n < 60; n++) pace.flushed('one', 50);
  expect(pace.windowMs).toBeCloseTo(200, 0);
  for (let n = 0; n < 60; n++) pace.flushed('one', 1);
  expect(pace.windowMs).toBe(30);
});
