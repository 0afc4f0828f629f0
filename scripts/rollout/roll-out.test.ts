import { expect, test } from 'vitest';
import { rollOut, type Rolled } from './roll-out.ts';

const happened: string[] = [];
const part = (name: string, pid: number, more: Partial<Rolled> = {}): Rolled => ({
  name,
  isNewFirst: name.startsWith('worker'),
  replace: async () => {
    happened.push(`${name} replaced`);
    return { pid };
  },
  isReady: async () => true,
  ...more,
});
const options = () => {
  happened.length = 0;
  return { say: (line: string) => void happened.push(line), signal: new AbortController().signal };
};
const steps = () => happened.filter((line) => !line.includes('…')).map((line) => line.replace(/[\d.]+ s/, 'n s'));

test('one after the other, the next one only when the last one serves', async () => {
  let asked = 0;
  const slow = part('worker 1', 11, { isReady: async () => ++asked > 3 });
  await rollOut({ ...options(), parts: [slow, part('gateway 1', 12)] });
  expect(steps()).toEqual([
    'worker 1 replaced',
    'worker 1: ready after n s (process 11; 1 of 2).',
    'gateway 1 replaced',
    'gateway 1: ready after n s (process 12; 2 of 2).',
    'All 2 processes are new, after n s.',
  ]);
  expect(asked).toBe(4);
});

test('one that does not come up ends it: the rest goes on as it was', async () => {
  const broken = part('worker 1', 11, { replace: () => Promise.reject(new Error('it ended with code 1.')) });
  await expect(rollOut({ ...options(), parts: [broken, part('worker 2', 12), part('gateway 1', 13)] })).rejects.toThrow(
    'worker 1 did not come up: it ended with code 1. The 2 after it were not touched.',
  );
  expect(steps()).toEqual([]);
});

test('one that never serves ends it', async () => {
  const deaf = part('gateway 2', 11, { isReady: async () => false });
  await expect(rollOut({ ...options(), parts: [deaf], readyWithinMs: 50 })).rejects.toThrow(
    'gateway 2 did not come up: it was not ready within 0.05 s.',
  );
});

test('whoever asked hangs up: it ends after the process that is being replaced', async () => {
  const hangUp = new AbortController();
  const first = part('worker 1', 11, { isReady: async () => (hangUp.abort(), true) });
  await expect(rollOut({ ...options(), signal: hangUp.signal, parts: [first, part('worker 2', 12)] })).rejects.toThrow(
    'Stopped. 1 of 2 processes are new, 1 are not.',
  );
});
