import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import '@muster/testing/database';
import { catchPlants } from './runner/catch-plants.ts';
import { parseOptions, seedOfDay } from './runner/options.ts';
import { runSeeds } from './runner/run-seeds.ts';
import { SeedProcess } from './runner/seed-process.ts';
import { startSimStores, type SimStores } from './runner/stores.ts';

const SEEDS = 200;
/** Seeds on which the planted bugs below show soon. */
const KNOWN = 41;
const QUICK_PLANTS = ['what was replaced is not kept', 'mids overtake each other', 'emitted through the adapter'];

let stores: SimStores;
beforeAll(async () => {
  stores = await startSimStores(inject('postgresUrl'));
});
afterAll(() => stores.stop());

test('a seed is one run, whoever runs it and whatever ran before', { timeout: 180_000 }, async () => {
  const one = await SeedProcess.start(await stores.makeDatabase());
  const other = await SeedProcess.start(await stores.makeDatabase(), '-', 7);
  try {
    await other.run(KNOWN + 1);
    const [first, second] = [await one.run(KNOWN), await other.run(KNOWN)];
    expect(second.fingerprint).toBe(first.fingerprint);
    expect((await one.run(KNOWN + 2)).fingerprint).not.toBe(first.fingerprint);
  } finally {
    one.stop();
    other.stop();
  }
});

test(`the promises hold in today's ${SEEDS} worlds`, { timeout: 900_000 }, async () => {
  const first = seedOfDay(Date.now());
  console.log(`seeds ${first} to ${first + SEEDS - 1}: npm run sim -- --seed <n> tells one of them`);
  const { failed, ran } = await runSeeds(stores, { first, count: SEEDS, processes: 2 }, () => undefined);
  expect(failed.map(({ seed, broken }) => ({ seed, broken }))).toEqual([]);
  expect(ran).toBe(SEEDS);
});

test.each(QUICK_PLANTS)('planted: %s is caught', { timeout: 300_000 }, async (name) => {
  const [caught] = await catchPlants(stores, [name], parseOptions(['--seed', String(KNOWN)], 0), () => undefined);
  expect(caught).toMatchObject({ name, broken: expect.anything() as unknown });
});
