import { beforeEach, expect, test, vi } from 'vitest';
import { createBackoff, FIRST_WAIT_MS, HEALTHY_AFTER_MS, LONGEST_WAIT_MS } from './backoff.ts';
import { keepAlive, type Living } from './keep-alive.ts';

/** Something that lives until it is told to die. */
function createFake() {
  let nextPid = 1;
  const born: { living: Living; die: (reason: string) => void }[] = [];
  const start = vi.fn(async (): Promise<Living> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const living = {
      pid: nextPid++,
      ended: promise,
      stop: async () => resolve('stopped'),
      kill: () => resolve('killed'),
    };
    born.push({ living, die: resolve });
    return living;
  });
  return { start, born };
}

const said: string[] = [];
const say = (line: string) => void said.push(line);
beforeEach(() => void (said.length = 0));

test('waits double up to the longest, and begin anew after a long life', () => {
  const backoff = createBackoff();
  const waits = Array.from({ length: 8 }, () => backoff.next(0));
  expect(waits.slice(0, 3)).toEqual([FIRST_WAIT_MS, FIRST_WAIT_MS * 2, FIRST_WAIT_MS * 4]);
  expect(waits.at(-1)).toBe(LONGEST_WAIT_MS);
  expect(backoff.next(HEALTHY_AFTER_MS)).toBe(FIRST_WAIT_MS);
  expect(backoff.next(0)).toBe(FIRST_WAIT_MS * 2);
});

test('what dies is started again, and that is said', async () => {
  const { start, born } = createFake();
  const changes: (number | undefined)[] = [];
  const kept = await keepAlive({ name: 'gateway 1', start, say, onChange: (living) => changes.push(living?.pid) });
  born[0]?.die('was ended by SIGKILL');
  await vi.waitFor(() => expect(kept.current?.pid).toBe(2));
  expect(said).toEqual([
    'gateway 1 was ended by SIGKILL; starting it again in 0.25 s.',
    'gateway 1 is running again (process 2).',
  ]);
  expect(changes).toEqual([1, undefined, 2]);
  await kept.stop();
});

test('what does not come up again is tried again', async () => {
  const { start, born } = createFake();
  const kept = await keepAlive({ name: 'worker 1', start, say });
  start.mockRejectedValueOnce(new Error('the port is taken:\nlog'));
  born[0]?.die('ended with code 1');
  await vi.waitFor(() => expect(kept.current?.pid).toBe(2), 3_000);
  expect(said[1]).toBe('worker 1 did not start again: the port is taken; starting it again in 0.5 s.');
  await kept.stop();
});

test('the very first fault is the caller’s', async () => {
  await expect(keepAlive({ name: 'x', start: () => Promise.reject(new Error('no')), say })).rejects.toThrow('no');
  expect(said).toEqual([]);
});

test('what is stopped stays stopped, also in the middle of a wait', async () => {
  const { start, born } = createFake();
  const kept = await keepAlive({ name: 'x', start, say });
  born[0]?.die('died');
  await vi.waitFor(() => expect(said).toHaveLength(1));
  await kept.stop();
  const other = await keepAlive({ name: 'y', start, say });
  await other.stop();
  expect(start).toHaveBeenCalledTimes(2);
  expect(kept.current).toBeUndefined();
});

test('a restart is no death: nothing is said and nothing is waited for', async () => {
  const { start } = createFake();
  const kept = await keepAlive({ name: 'x', start, say });
  await kept.restart();
  expect(kept.current?.pid).toBe(2);
  expect(said).toEqual([]);
  await kept.stop();
});

test.each([
  [true, ['start 2', 'leave 1']],
  [false, ['leave 1', 'start 2']],
])('replaced, the new one first: %s', async (isNewFirst, order) => {
  const { start, born } = createFake();
  const kept = await keepAlive({ name: 'x', start, say });
  const happened: string[] = [];
  const old = born[0]!;
  let wasLeaving = false;
  (old.living as Living).leave = async () => {
    happened.push('leave 1');
    wasLeaving = kept.isLeaving;
    await new Promise((resolve) => setTimeout(resolve, 5));
    old.die('left');
  };
  const [make] = [start.getMockImplementation()!];
  start.mockImplementationOnce(() => {
    happened.push('start 2');
    return make();
  });
  expect((await kept.replace({ isNewFirst })).pid).toBe(2);
  expect(happened).toEqual(order);
  // Nobody is sent to one that goes; the new one takes over before the old one is asked.
  expect(wasLeaving).toBe(!isNewFirst);
  expect([kept.current?.pid, kept.isLeaving, said]).toEqual([2, false, []]);
  born[1]?.die('was ended by SIGKILL');
  await vi.waitFor(() => expect(kept.current?.pid).toBe(3));
  await kept.stop();
});

test('a replacement that does not start is told; the old one goes on where it had not gone', async () => {
  const { start } = createFake();
  const kept = await keepAlive({ name: 'worker 1', start, say });
  start.mockRejectedValueOnce(new Error('no'));
  await expect(kept.replace({ isNewFirst: true })).rejects.toThrow('no');
  expect(kept.current?.pid).toBe(1);
  start.mockRejectedValueOnce(new Error('no'));
  await expect(kept.replace({ isNewFirst: false })).rejects.toThrow('no');
  await vi.waitFor(() => expect(kept.current?.pid).toBe(2), 3_000);
  await kept.stop();
});

test('stopped in the middle of a replacement, nothing is left running', async () => {
  const { start, born } = createFake();
  const kept = await keepAlive({ name: 'x', start, say });
  (born[0]!.living as Living).leave = async () => void (await born[0]!.living.ended);
  const replacing = kept.replace({ isNewFirst: true });
  await vi.waitFor(() => expect(born).toHaveLength(2));
  await expect(kept.replace({ isNewFirst: true })).rejects.toThrow('already');
  await kept.stop();
  await replacing;
  expect(await Promise.all(born.map(({ living }) => living.ended))).toEqual(['stopped', 'stopped']);
});
