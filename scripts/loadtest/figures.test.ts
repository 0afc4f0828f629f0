import { expect, test } from 'vitest';
import { figuresOf, verdictsOf, type K6Summary } from './figures.ts';

const trend = (values: Partial<Record<'med' | 'p(95)' | 'p(99)' | 'count', number>>) => ({ type: 'trend', values });

test('figures are those that were measured, by the names that people know', () => {
  const summary: K6Summary = {
    metrics: {
      muster_delivery: trend({ med: 3.6, 'p(95)': 12.2, 'p(99)': 1_234, count: 9 }),
      muster_back: trend({ med: 0, 'p(95)': 0, 'p(99)': 0, count: 0 }),
      muster_lost: { type: 'counter', values: { count: 0, rate: 0 } },
      muster_text_exact: { type: 'rate', values: { rate: 0.75, passes: 3, fails: 1 } },
      iterations: { type: 'counter', values: { count: 3 } },
    },
  };
  expect(figuresOf(summary)).toEqual([
    { name: 'delivery', value: '4 / 12 / 1,234 ms' },
    { name: 'lost', value: '0' },
    { name: 'text exact', value: '3 of 4' },
  ]);
});

test('a threshold that held is kept, one that did not is not', () => {
  const summary: K6Summary = {
    metrics: {
      muster_lost: { type: 'counter', values: { count: 2 }, thresholds: { 'count==0': { ok: false } } },
      muster_delivery: { ...trend({ 'p(99)': 80, count: 5 }), thresholds: { 'p(99)<1000': { ok: true } } },
    },
  };
  expect(verdictsOf(summary)).toEqual([
    { promise: 'lost = 0 (2)', isKept: false },
    { promise: 'delivery p(99) <1000 ms (80 ms)', isKept: true },
  ]);
});

test('a latency that nobody measured, and a text that nobody read, are not kept, whatever k6 says', () => {
  const summary: K6Summary = {
    metrics: {
      muster_delivery: { ...trend({ 'p(99)': 0, count: 0 }), thresholds: { 'p(99)<1000': { ok: true } } },
      muster_text_exact: {
        type: 'rate',
        values: { rate: 0, passes: 0, fails: 0 },
        thresholds: { 'rate==1': { ok: true } },
      },
    },
  };
  expect(verdictsOf(summary)).toEqual([
    { promise: 'delivery p(99) <1000 ms (never measured)', isKept: false },
    { promise: 'text exact = 1 (never measured)', isKept: false },
  ]);
});
