import { expect, test } from 'vitest';
import { interleave, pairsOf } from './interleave.ts';

test('each has its turn in every round, and another begins each time', async () => {
  const order: string[] = [];
  const run = (name: string) => async () => order.push(name);
  const slices = await interleave(3, { a: run('a'), b: run('b'), c: run('c') });
  expect(order.join('')).toBe('abcbcacab');
  expect(slices).toEqual({ a: [1, 6, 8], b: [2, 4, 9], c: [3, 5, 7] });
});

test('two never run at once', async () => {
  let running = 0;
  const run = async () => {
    running += 1;
    await Promise.resolve();
    expect(running).toBe(1);
    running -= 1;
  };
  await interleave(4, { a: run, b: run });
});

test('pairs are of one round', () => {
  expect(pairsOf([{ x: 1 }, { x: 2 }], [{ x: 10 }, { x: 20 }], ({ x }) => x)).toEqual([
    { ours: 1, peer: 10 },
    { ours: 2, peer: 20 },
  ]);
});
