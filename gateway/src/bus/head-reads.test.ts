import { beforeEach, expect, test } from 'vitest';
import { HeadReads } from './head-reads.ts';
import { MemoryFeed } from './test/memory-feed.ts';
import { LIST, settle, THREAD } from './test/memory-world.ts';

let feed: MemoryFeed;
beforeEach(() => {
  feed = new MemoryFeed();
  feed.make(LIST, { ada: 'owner' });
  feed.make(THREAD, {}, LIST);
});

test('who asks while a query is under way is asked for by the next, together', async () => {
  const reads = new HeadReads(feed);
  const held = feed.hold('readPositions');
  const first = reads.read([LIST]);
  await held.taken;
  const later = Promise.all([reads.read([LIST]), reads.read([THREAD]), reads.read([LIST, THREAD])]);
  feed.commit(LIST);
  held.arrive();
  expect((await first).get(LIST)?.seq).toBe(0);
  // Nobody is answered by a query that began before they asked.
  expect((await later).map((heads) => heads.get(LIST)?.seq)).toEqual([1, 1, 1]);
  expect(feed.count('readPositions')).toBe(2);
});

test('a query that fails fails those who asked, and nobody after them', async () => {
  const reads = new HeadReads(feed);
  feed.fail('readPositions');
  await expect(reads.read([LIST])).rejects.toThrow();
  await settle();
  expect((await reads.read([LIST])).size).toBe(1);
});

test('a query asks for some five hundred scopes at most', async () => {
  const reads = new HeadReads(feed);
  const sizes: number[] = [];
  const read = feed.readPositions;
  feed.readPositions = (scopes, sessions) => {
    sizes.push(scopes.length);
    return read(scopes, sessions);
  };
  const scopesOf = (n: number) => Array.from({ length: 200 }, (_, m) => `list:${n}-${m}` as const);
  await Promise.all(Array.from({ length: 6 }, (_, n) => reads.read(scopesOf(n))));
  expect(sizes).toEqual([200, 400, 400, 200]);
});
