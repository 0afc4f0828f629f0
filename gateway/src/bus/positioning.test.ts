import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIST, MemoryWorld, settle, THREAD } from './test/memory-world.ts';

/** P3: a client that hears nothing for 5 s reconnects; what Redis lost is there before that. */
const BOUND_MS = 3_700;

let world: MemoryWorld;
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  world.feed.make(THREAD, {}, LIST);
  await world.bus.start();
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
});

test('the last message lost before a quiet time is found', async () => {
  const ada = await world.openAs('ada');
  world.feed.commit(LIST);
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  expect(ada.seqs()).toEqual([1]);
});

test('a removal whose message was lost is found, also by a reader of a thread alone', async () => {
  const [ben, eve] = [await world.openAs('ben'), await world.openAs('ben', THREAD)];
  world.feed.remove(LIST, 'ben');
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  expect(ben.all('scope:gone')).toEqual([{ scope: LIST, reason: 'removed' }]);
  expect(eve.all('scope:gone')).toEqual([{ scope: THREAD, reason: 'removed' }]);
});

test('rights that changed without a change in the log are found', async () => {
  const ben = await world.openAs('ben');
  const acl = world.feed.acls.get(LIST)!;
  acl.members.delete('ben');
  acl.epoch += 1;
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  expect(ben.all('scope:gone')).toEqual([{ scope: LIST, reason: 'removed' }]);
});

test('a scope that moved elsewhere is gone, and says where', async () => {
  const ada = await world.openAs('ada');
  Object.assign(world.feed.scopes.get(LIST)!, { gone: 'moved', goneTo: THREAD });
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  expect(ada.all('scope:gone')).toEqual([{ scope: LIST, reason: 'moved', to: THREAD }]);
});

test("a deleted thread is gone at once, by its list's change", async () => {
  await world.openAs('ada');
  const ben = await world.openAs('ben', THREAD);
  world.feed.scopes.get(THREAD)!.gone = 'deleted';
  world.redis.publish(world.feed.commit(LIST, [{ op: 'del', type: 'thread', id: THREAD.slice(7) }]));
  await vi.advanceTimersByTimeAsync(100);
  expect(ben.all('scope:gone')).toEqual([{ scope: THREAD, reason: 'deleted' }]);
});

test('a session that ended without a message closes its sockets, and only those', async () => {
  const [ada, ben] = [await world.openAs('ada'), await world.openAs('ben')];
  world.feed.sessions.delete(ben.sessionId);
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  expect([ada.isOpen, ben.isOpen]).toEqual([true, false]);
});

test('while Redis is away, writes are seen within a second; when it is back, at once', async () => {
  const ada = await world.openAs('ada');
  world.redis.isUp = false;
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  for (let seq = 1; seq <= 5; seq++) {
    world.commit();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ada.seqs().at(-1)).toBe(seq);
  }

  world.redis.isUp = true;
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  world.feed.commit(LIST);
  world.redis.listeners[0]!.listener.onReady();
  await vi.advanceTimersByTimeAsync(50);
  expect(ada.seqs()).toEqual([1, 2, 3, 4, 5, 6]);
});

describe('heads', () => {
  test('every socket hears them at least every four seconds, whatever becomes of the query', async () => {
    const ada = await world.openAs('ada');
    const idle = world.connect('ben');
    let heardAt = Date.now();
    let longest = 0;
    let heard = 0;
    for (let step = 0; step < 600; step++) {
      // Postgres hangs, then fails, then works.
      if (step === 100) world.feed.hold('readPositions');
      if (step === 200) world.feed.fail('readPositions', 3);
      await vi.advanceTimersByTimeAsync(50);
      longest = Math.max(longest, Date.now() - heardAt);
      const count = idle.all('scope:heads').length;
      if (count > heard) heardAt = Date.now();
      heard = count;
    }
    expect(longest).toBeLessThanOrEqual(4_000);
    expect(ada.all('scope:heads').at(-1)).toEqual({ heads: { [LIST]: 0 }, logEpoch: world.feed.logEpoch });
  });

  test('they tell what Postgres has, even while the gap cannot be read', async () => {
    const ada = await world.openAs('ada');
    world.feed.commit(LIST);
    world.feed.fail('readChanges', 1_000);
    await vi.advanceTimersByTimeAsync(2 * BOUND_MS);
    expect(ada.all('scope:heads').at(-1)?.heads[LIST]).toBe(1);
    expect(ada.seqs()).toEqual([]);
  });
});

describe('the log went back', () => {
  test('a gateway that starts knows no log before: its subscriber may be ready first, and nothing went back', async () => {
    const starting = new MemoryWorld({ feed: world.feed });
    starting.redis.listeners[0]!.listener.onReady();
    await settle();
    await starting.bus.start();
    const ada = starting.connect('ada');
    starting.redis.listeners[0]!.listener.onReady();
    await vi.advanceTimersByTimeAsync(BOUND_MS);
    expect(ada.all('hello')).toEqual([]);
    expect(await starting.metrics.text()).not.toMatch(/resets_total\{why="log"/);
    starting.bus.stop();
  });

  test('another logEpoch drops every entry and says hello again; clients reopen and get snapshots', async () => {
    world.commit();
    const ada = await world.openAs('ada');
    const before = world.feed.logEpoch;
    world.feed.logEpoch = randomUUID();
    world.feed.scopes.get(LIST)!.changes.splice(0);
    await vi.advanceTimersByTimeAsync(BOUND_MS);
    expect(ada.all('hello').at(-1)).toEqual({ logEpoch: world.feed.logEpoch });
    expect(ada.rooms.size).toBe(0);
    expect((await ada.open(LIST, { seq: 1, logEpoch: before }))?.results).toMatchObject([{ kind: 'snapshot', seq: 0 }]);
  });

  test('a head below the entry does the same under the same logEpoch', async () => {
    const ada = await world.openAs('ada');
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    world.feed.scopes.get(LIST)!.changes.splice(0);
    await vi.advanceTimersByTimeAsync(BOUND_MS);
    expect(ada.all('hello')).toHaveLength(1);
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    await ada.open(LIST, { seq: 1, logEpoch: world.feed.logEpoch });
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([1, 2]);
  });

  test('a packet that overtakes the query is no log that went back', async () => {
    const ada = await world.openAs('ada');
    const held = world.feed.hold('readPositions');
    await vi.advanceTimersByTimeAsync(BOUND_MS - 1_000);
    await held.taken;
    world.commit();
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([1, 2]);
    held.arrive();
    await vi.advanceTimersByTimeAsync(100);
    expect(ada.all('hello')).toEqual([]);
    expect(ada.seqs()).toEqual([1, 2]);
  });

  test('a packet of another log is not emitted, and is looked into at once', async () => {
    const ada = await world.openAs('ada');
    const calls = world.feed.count('readPositions');
    world.redis.publish({ ...world.feed.commit(LIST), logEpoch: randomUUID() });
    await vi.advanceTimersByTimeAsync(10);
    expect(world.feed.count('readPositions')).toBe(calls + 1);
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.seqs()).toEqual([1]);
  });

  test('an open that reads another log waits until the gateway has started anew', async () => {
    await world.openAs('ada');
    world.feed.logEpoch = randomUUID();
    const ben = world.connect('ben');
    expect((await ben.open())?.results).toMatchObject([{ kind: 'snapshot', logEpoch: world.feed.logEpoch }]);
    expect(world.bus.logEpoch).toBe(world.feed.logEpoch);
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ben.seqs()).toEqual([1]);
  });
});
