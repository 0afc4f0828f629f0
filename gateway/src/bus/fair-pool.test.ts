import { expect, test } from 'vitest';
import { FairPool } from './fair-pool.ts';
import { settle } from './test/memory-world.ts';

/** A pool whose work ends when a test says so. */
function begin(places: number) {
  const waited: number[] = [];
  const pool = new FairPool(places, (ms) => waited.push(ms));
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (who: string, name = who) =>
    pool.queue(who, () => {
      started.push(name);
      return new Promise((resolve) => ends.push(resolve));
    });
  const end = async () => {
    ends.shift()!();
    await settle();
  };
  return { pool, waited, started, ask, end };
}

test('so many at once, the rest waits in order', async () => {
  const { pool, started, ask, end, waited } = begin(2);
  for (const who of ['a', 'b', 'c', 'd']) ask(who);
  expect([started, pool.depth]).toEqual([['a', 'b'], 2]);
  await end();
  expect(started).toEqual(['a', 'b', 'c']);
  await end();
  await end();
  await end();
  expect([started, pool.depth, waited.length]).toEqual([['a', 'b', 'c', 'd'], 0, 4]);
  ask('e');
  ask('f');
  expect(started.slice(4)).toEqual(['e', 'f']);
});

test('people take turns: whoever asks for much waits for their own', async () => {
  const { started, ask, end } = begin(1);
  ask('first');
  for (let n = 0; n < 4; n++) ask('much', `much ${n}`);
  ask('ben');
  ask('eve');
  for (let n = 0; n < 7; n++) await end();
  expect(started).toEqual(['first', 'much 0', 'ben', 'eve', 'much 1', 'much 2', 'much 3']);
});

test("who leaves the line takes nobody's place, and what has begun is not taken back", async () => {
  const { pool, started, ask, end } = begin(1);
  const leaveFirst = ask('a');
  const leave = ask('b');
  ask('c');
  leave();
  leave();
  leaveFirst();
  expect(pool.depth).toBe(1);
  await end();
  expect(started).toEqual(['a', 'c']);
});

test('work that fails gives its place back', async () => {
  const pool = new FairPool(1);
  await expect(pool.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await pool.run('a', async () => 7)).toBe(7);
});
