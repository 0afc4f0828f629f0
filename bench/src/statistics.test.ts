import { expect, test } from 'vitest';
import { figureOf, medianOf } from './commit/figures.ts';
import { latencyOf, quantileOf, show } from './statistics.ts';

const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test('a quantile is the nearest rank, whatever the order', () => {
  expect(quantileOf(oneToHundred, 0.5)).toBe(50);
  expect(quantileOf(oneToHundred, 0.99)).toBe(99);
  expect(quantileOf(oneToHundred, 1)).toBe(100);
  expect(quantileOf(oneToHundred, 0)).toBe(1);
});

test('of few values p99 is the worst, and of none there is nothing', () => {
  expect(quantileOf([3, 1, 2], 0.99)).toBe(3);
  expect(quantileOf([7], 0.5)).toBe(7);
  expect(quantileOf([], 0.5)).toBeNaN();
});

test('numbers are sorted as numbers', () => {
  expect(latencyOf([10, 9, 100, 1])).toEqual({ p50Ms: 9, p99Ms: 100, count: 4 });
});

test('the values stay as they are', () => {
  const values = [3, 1, 2];
  quantileOf(values, 0.5);
  expect(values).toEqual([3, 1, 2]);
});

test('the median of an even number lies between the two in the middle', () => {
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(medianOf([10, 9, 100])).toBe(10);
});

test('a figure is the median of the ratios of pairs, and no ratio of medians', () => {
  const pairs = [
    { ours: 1, peer: 1 },
    { ours: 20, peer: 10 },
    { ours: 300, peer: 100 },
  ];
  const figure = figureOf('x', { atMost: 1.9 }, pairs, 'ms');
  expect(figure.ratio).toBe(2);
  expect(figure.isMet).toBe(false);
  expect(figureOf('x', { atLeast: 2 }, pairs, 'ms').isMet).toBe(true);
});

test('three digits are shown', () => {
  expect(show(4.3567, 'ms')).toBe('4.36 ms');
  expect(show(1834.2, 'writes/s')).toBe('1,830 writes/s');
  expect(show(0.01234, 'ms')).toBe('0.012 ms');
  expect(show(NaN, 'ms')).toBe('– ms');
});
