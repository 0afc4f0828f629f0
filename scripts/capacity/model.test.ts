import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COSTS } from './costs.ts';
import { fillDocument } from './document.ts';
import { planFor, type Demand, type Machines } from './model.ts';
import { parseOptions, USUAL } from './options.ts';

const plan = (demand: Partial<Demand & Machines> = {}) => {
  const values = { ...USUAL, ...demand };
  return planFor(values, COSTS, values);
};
const countOf = (name: string, demand: Partial<Demand & Machines> = {}): number =>
  plan(demand).tiers.find((tier) => tier.name === name)!.count;

describe('a plan', () => {
  test('has one of each for next to nothing', () => {
    const { tiers, windowMs } = plan({ connections: 1, runs: 1 });
    expect(tiers.map(({ name, count }) => [name, count])).toEqual([
      ['gateways', 1],
      ['workers', 1],
      ['Redis', 1],
      ['Postgres', 1],
    ]);
    expect(windowMs).toBe(30);
  });

  test('counts what follows from the demand alone', () => {
    const { changesPerSecond, deliveriesPerSecond, walBytesPerSecond } = plan({
      ...{ connections: 5_000, changesPerPage: 0.1, room: 20 },
    });
    expect(changesPerSecond).toBe(500);
    expect(deliveriesPerSecond).toBe(10_000);
    expect(walBytesPerSecond).toBe(500 * COSTS.postgres.walBytes);
  });

  test('never needs less for more', () => {
    for (const name of ['gateways', 'workers', 'Redis', 'Postgres']) {
      let before = 0;
      for (const connections of [100, 1_000, 10_000, 100_000, 1_000_000]) {
        const count = countOf(name, { connections, runs: connections / 10 });
        expect(count).toBeGreaterThanOrEqual(before);
        before = count;
      }
    }
  });

  test('has gateways enough by its own account, and one fewer would not be', () => {
    const values = { ...USUAL, connections: 300_000 };
    const found = planFor(values, COSTS, values).tiers[0]!;
    expect(found.cores / values.share).toBeLessThanOrEqual(found.count);
    expect(found.cores / values.share).toBeGreaterThan((found.count - 1) * 0.9);
  });

  test('counts memory where that is what there is too little of', () => {
    const processBytes = 500 * 2 ** 20;
    const gateways = plan({ connections: 100_000, changesPerPage: 1e-6, runs: 1, returnWithin: 1e6, processBytes })
      .tiers[0]!;
    expect(gateways.because).toBe('memory');
    expect(gateways.count).toBe(
      Math.ceil((100_000 * COSTS.gateway.connectionBytes) / (processBytes - COSTS.gateway.baseBytes)),
    );
  });

  test('says what gives first', () => {
    expect(plan({ connections: 100, runs: 50_000, viewers: 1, wordsPerSecond: 1 }).firstToGive).toBe('workers');
    expect(plan({ connections: 200_000, runs: 1 }).firstToGive).toBe('gateways');
  });
});

describe('its options', () => {
  test('are read, with their units', () => {
    const { values } = parseOptions(['--connections', '1,000,000', '--process-gb=4', '--runs', '5']);
    expect([values.connections, values.processBytes, values.runs]).toEqual([1_000_000, 4 * 2 ** 30, 5]);
  });

  test.each([
    [['--pages', '5'], 'There is no option "--pages".'],
    [['--runs', 'many'], '--runs wants a number above 0.'],
    [['--runs', '-1'], '--runs wants a number above 0.'],
    [['--runs'], '--runs wants a number above 0.'],
    [['--share', '2'], '--share wants a number above 0 and at most 1.'],
  ])('are refused in a line: %j', (args, line) => {
    expect(() => parseOptions(args)).toThrow(line);
  });
});

test('docs/capacity.md has the tables of this model', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'capacity.md'), 'utf8');
  expect(fillDocument(text)).toBe(text);
});
