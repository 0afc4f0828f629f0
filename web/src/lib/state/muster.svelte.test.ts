import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../test/offsite.ts';
import { ListState } from './list.svelte.ts';
import { Lists } from './lists.svelte.ts';
import { Muster } from './muster.svelte.ts';

const SCOPE = `list:${IDS.offsite}` as const;
const GRACE = { id: IDS.grace, kind: 'person' };
const OPEN = '00000000-0000-7000-8000-000000000208';

let frames: FrameRequestCallback[];
let stop: (() => void) | undefined;
beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => frames.push(run));
});
afterEach(() => {
  stop?.();
  vi.unstubAllGlobals();
});
const paint = (): void => {
  frames.splice(0).forEach((run) => run(0));
  flushSync();
};

/** What an effect saw, each time it ran. */
function seen<T>(read: () => T): T[] {
  const values: T[] = [];
  stop = $effect.root(() => {
    $effect(() => void values.push(read()));
  });
  flushSync();
  return values;
}

it("shows one's own edit at once, and gathers others' into one paint a frame", () => {
  const client = offsite();
  const muster = new Muster(client);
  const titles = seen(() => muster.get('task', OPEN)?.value.title);
  muster.mutate('task.update', { id: OPEN, fields: { title: 'Mine' } });
  flushSync();
  expect(titles).toEqual(['Print name badges', 'Mine']);

  const task = client.get('task', OPEN)!;
  for (const title of ['one', 'two', 'three']) client.put(SCOPE, 'task', OPEN, { ...task.value, title }, GRACE);
  flushSync();
  expect(titles).toHaveLength(2);
  paint();
  expect(titles).toEqual(['Print name badges', 'Mine', 'three']);
});

it('leaves alone who reads something else', () => {
  const client = offsite();
  const muster = new Muster(client);
  const runs = seen(() => muster.get('list', IDS.home)?.value.title);
  muster.mutate('task.update', { id: OPEN, fields: { title: 'Mine' } });
  client.put(SCOPE, 'task', OPEN, client.get('task', OPEN)!.value, GRACE);
  paint();
  expect(runs).toHaveLength(1);
});

it('lets the change of another glow, never one of our own', () => {
  const client = offsite();
  const muster = new Muster(client);
  const glows = seen(() => muster.glow(OPEN)?.by);
  muster.mutate('task.complete', { id: OPEN, done: true });
  client.put(SCOPE, 'task', OPEN, client.get('task', OPEN)!.value, { id: IDS.ada, kind: 'person' });
  paint();
  expect(glows).toEqual([undefined]);
  client.put(SCOPE, 'task', OPEN, client.get('task', OPEN)!.value, GRACE);
  paint();
  expect(glows).toEqual([undefined, IDS.grace]);
});

it('keeps the counts of a list and of the sidebar in step', () => {
  const client = offsite();
  const muster = new Muster(client);
  const list = new ListState(muster, () => IDS.offsite);
  const all = new Lists(muster, () => Date.now());
  const counts = seen(() => [list.openCount, list.doneCount, all.find(IDS.offsite)?.openCount]);
  expect(counts.at(-1)).toEqual([9, 12, 9]);
  muster.mutate('task.complete', { id: OPEN, done: true });
  flushSync();
  expect(counts.at(-1)).toEqual([8, 13, 8]);
});

it('knows who else is here, what a person may do, and when the list is gone', () => {
  const client = offsite();
  const muster = new Muster(client);
  const list = new ListState(muster, () => IDS.offsite);
  expect(list.role).toBe('owner');
  expect(list.others.map((who) => who.id)).toEqual([IDS.grace, IDS.linus]);
  const missing = new ListState(muster, () => '00000000-0000-7000-8000-0000000009ff');
  expect(missing.state).toBe('missing');
});

it('finds tasks over all lists by every word, open ones first', () => {
  const client = offsite();
  const lists = new Lists(new Muster(client), () => Date.now());
  expect(lists.search('THE train').map(({ task }) => task.value.title)).toEqual(['Book the train from the airport']);
  expect(lists.search('bicycles')).toHaveLength(1);
  expect(lists.search('thing').at(-1)?.task.value.done).toBe(true);
  expect(lists.search('  ')).toEqual([]);
});
