import { expect, test } from 'vitest';
import { planCrowd, timesOf, type CrowdOptions } from './crowd-plan.ts';

const base: CrowdOptions = {
  clients: 8,
  lists: 2,
  listsEach: 2,
  authorsPerList: 2,
  changesPerSecond: 4,
  seconds: 30,
  rampSeconds: 1,
};

test.each([
  base,
  { ...base, clients: 300, lists: 100, listsEach: 4 },
  { ...base, clients: 97, lists: 14, listsEach: 14 },
  { ...base, clients: 2_000, lists: 100, listsEach: 1, authorsPerList: 1 },
  { ...base, clients: 1, lists: 1, listsEach: 4 },
])('each list has members, of whom the authors are some, and each client opens as many as wanted', (options) => {
  const { people, members, authors, listsOf } = planCrowd(options);
  expect(people).toBe(Math.min(options.clients, 500));
  for (const [list, ofList] of members.entries()) {
    expect(ofList.length).toBeGreaterThan(0);
    expect(new Set(ofList).size).toBe(ofList.length);
    expect(ofList).toEqual(expect.arrayContaining(authors[list]!));
    for (const person of ofList) expect(listsOf(person)).toContain(list);
  }
  for (let client = 0; client < options.clients; client++) {
    expect(new Set(listsOf(client)).size).toBe(Math.min(options.listsEach, options.lists));
  }
  expect(listsOf(options.clients)).toEqual([]);
});

test('in a spike the others come after the regulars, and leave before the end', () => {
  const times = timesOf({ ...base, clients: 100, regulars: 10, seconds: 60 });
  expect(times.comesAt(9)).toBeLessThanOrEqual(times.writeFrom);
  expect(times.comesAt(10)).toBe(21_000);
  expect(times.comesAt(99)).toBeLessThan(25_000);
  expect(times.leavesAt(9)).toBeUndefined();
  expect(times.leavesAt(10)).toBe(41_000);
});
