import { expect, test } from 'vitest';
import { drainSockets, type Drain } from './drain.ts';

/** Sockets that stay until they are closed, but for those that heed what they are told. */
function createRoom(total: number, heeding = 0) {
  let count = total;
  const told: number[] = [];
  const closed: number[] = [];
  const room: Pick<Drain, 'count' | 'tell' | 'closeSome'> = {
    count: () => count,
    tell: (retryAfterMs) => {
      told.push(retryAfterMs);
      setTimeout(() => (count -= heeding), retryAfterMs / 2);
    },
    closeSome: (some) => {
      closed.push(Math.min(some, count));
      count = Math.max(0, count - some);
    },
  };
  return { room, told, closed, count: () => count };
}
const never = new AbortController().signal;

test('clients go by themselves first; those that stay are closed a few per cent at a time, in time', async () => {
  const { room, told, closed, count } = createRoom(300, 100);
  const startedAt = performance.now();
  await drainSockets({ ...room, withinMs: 2_000, hurried: never });
  expect(told).toEqual([500]);
  expect(count()).toBe(0);
  expect(closed).toHaveLength(20);
  expect(new Set(closed)).toEqual(new Set([10]));
  expect(performance.now() - startedAt).toBeGreaterThan(500);
});

test('the more there are, the more time they get', async () => {
  const { room, told } = createRoom(1_500, 1_500);
  await drainSockets({ ...room, withinMs: 10_000, hurried: never });
  expect(told).toEqual([1_500]);
});

test('nobody is waited for who has gone', async () => {
  const { room, closed } = createRoom(10, 10);
  await drainSockets({ ...room, withinMs: 600_000, hurried: never });
  expect(closed).toEqual([]);
});

test('in a hurry all are told, and closed at once', async () => {
  const { room, told, closed } = createRoom(100);
  const haste = new AbortController();
  setTimeout(() => haste.abort(), 20);
  await drainSockets({ ...room, withinMs: 600_000, hurried: haste.signal });
  expect(told).toHaveLength(1);
  expect(closed).toEqual([100]);
});
