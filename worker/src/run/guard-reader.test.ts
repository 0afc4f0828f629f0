import type { RunGuard } from '@muster/db/repositories/run-work.repository';
import { expect, it } from 'vitest';
import { createGuardReader } from './guard-reader.ts';

const guard = (attempt: number): RunGuard => ({ status: 'running', attempt, stopRequestedBy: null, aclEpoch: 1 });

it('shares one query among all that wait, and never answers from before the call', async () => {
  const queries: string[][] = [];
  const answers: ((guards: Map<string, RunGuard>) => void)[] = [];
  const reader = createGuardReader((ids) => {
    queries.push(ids);
    return new Promise((resolve) => answers.push(resolve));
  });
  const first = reader.read('a');
  await expect.poll(() => queries.length).toBe(1);
  // These come while the first query is under way, whose answer may be older than they are.
  const others = [reader.read('a'), reader.read('b'), reader.read('c')];
  answers[0]?.(new Map([['a', guard(1)]]));
  expect(await first).toEqual(guard(1));
  await expect.poll(() => queries.length).toBe(2);
  expect(queries[1]).toEqual(['a', 'b', 'c']);
  answers[1]?.(
    new Map([
      ['a', guard(2)],
      ['b', guard(3)],
    ]),
  );
  expect(await Promise.all(others)).toEqual([guard(2), guard(3), undefined]);
});

it('goes on after a query that failed', async () => {
  let isDown = true;
  const reader = createGuardReader(() => {
    if (isDown) return Promise.reject(new Error('away'));
    return Promise.resolve(new Map([['a', guard(1)]]));
  });
  await expect(reader.read('a')).rejects.toThrow('away');
  isDown = false;
  expect(await reader.read('a')).toEqual(guard(1));
});
