import { afterEach, expect, it, vi } from 'vitest';
import { offsite } from '../../../test/offsite.ts';
import { Muster } from './muster.svelte.ts';
import { Overwritten } from './overwritten.svelte.ts';

const open: Overwritten[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  vi.useRealTimers();
});

/** A tab, and how often it asked the server; there are so many on it. */
function tab(total: () => number) {
  const get = vi.fn(() => Promise.resolve({ items: [], profiles: {}, total: total() }));
  const overwritten = new Overwritten(new Muster(offsite()), { get: get as never });
  open.push(overwritten);
  return { overwritten, get };
}

it('what is seen to in one tab is gone from the others at once', async () => {
  let left = 3;
  const [one, other] = [tab(() => left), tab(() => left)];
  other.overwritten.count = 3;
  left = 1;
  one.overwritten.seenTo(left);
  expect(one.overwritten.count).toBe(1);
  await vi.waitFor(() => expect(other.overwritten.count).toBe(1), { timeout: 5_000 });
  expect(one.get).not.toHaveBeenCalled();
});

it('what was seen to on another device is gone when the page is shown again', async () => {
  const one = tab(() => 0);
  one.overwritten.count = 3;
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.waitFor(() => expect(one.overwritten.count).toBe(0), { timeout: 5_000 });
});
