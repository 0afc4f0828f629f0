import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIST, MemoryWorld, RUN, settle, THREAD } from './test/memory-world.ts';

let world: MemoryWorld;
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  world.feed.make(THREAD, {}, LIST);
  world.feed.runs.set(RUN, { scope: THREAD, status: 'running', attempt: 1, items: [] });
  await world.bus.start();
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
});

test('a removed member is told, leaves the room, and receives nothing committed after it', async () => {
  const [ada, ben] = [await world.openAs('ada'), await world.openAs('ben')];
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  world.redis.publish(world.feed.remove(LIST, 'ben'));
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([1, 2, 3]);
  expect(ben.seqs()).toEqual([1]);
  expect(ben.all('scope:gone')).toEqual([{ scope: LIST, reason: 'removed' }]);
  expect(ben.rooms.size).toBe(0);
});

test('while the members cannot be read, nothing is emitted; then all of it, to those who remain', async () => {
  const [ada, ben] = [await world.openAs('ada'), await world.openAs('ben')];
  world.feed.fail('readMembers', 5);
  world.redis.publish(world.feed.remove(LIST, 'ben'));
  world.commit();
  await vi.advanceTimersByTimeAsync(200);
  expect([ada.seqs(), ben.seqs()]).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(500);
  expect([ada.seqs(), ben.seqs()]).toEqual([[1, 2], []]);
});

test('whoever is in the room when the read returns goes: also who came in while it was on its way', async () => {
  const ada = await world.openAs('ada');
  const ben = world.connect('ben');
  const [content, members] = [world.feed.hold('readScopes'), world.feed.hold('readMembers')];
  const opening = ben.open();
  await content.taken;
  world.redis.publish(world.feed.remove(LIST, 'ben'));
  await members.taken;
  // Ben's open was read before his removal, and the entry does not know of it yet.
  content.arrive();
  await opening;
  expect(ben.rooms.size).toBe(1);
  members.arrive();
  await vi.advanceTimersByTimeAsync(10);
  expect(ben.all('scope:gone')).toHaveLength(1);
  expect([ada.seqs(), ben.seqs()]).toEqual([[1], []]);
});

test('the epoch is the one that was read: a removal that the read has seen costs no second read', async () => {
  const ada = await world.openAs('ada');
  const first = world.feed.add(LIST, 'eve');
  const second = world.feed.remove(LIST, 'eve');
  world.redis.publish(first, second);
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([1, 2]);
  expect(world.feed.count('readMembers')).toBe(1);
});

describe('scopes that share an acl', () => {
  test("a thread-only reader hears of a removal by the list's packet, and nothing of the thread after it", async () => {
    const ben = await world.openAs('ben', THREAD);
    const ada = await world.openAs('ada', THREAD);
    expect(ben.rooms).toEqual(new Set([`scope:${THREAD}`]));
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await settle();
    world.commit(THREAD);
    await vi.advanceTimersByTimeAsync(10);
    expect(ben.all('scope:gone')).toEqual([{ scope: THREAD, reason: 'removed' }]);
    expect(ben.seqs(THREAD)).toEqual([]);
    expect(ada.seqs(THREAD)).toEqual([1]);
  });

  test("a thread's packet with the list's new epoch reads members before it is emitted", async () => {
    const ben = await world.openAs('ben', THREAD);
    // The list's own packet is lost.
    world.feed.remove(LIST, 'ben');
    world.commit(THREAD);
    await vi.advanceTimersByTimeAsync(10);
    expect(ben.seqs(THREAD)).toEqual([]);
    expect(ben.all('scope:gone')).toEqual([{ scope: THREAD, reason: 'removed' }]);
  });

  test('eviction leaves the threads, the runs and the presence of a list', async () => {
    const ben = await world.openAs('ben');
    const ada = await world.openAs('ada');
    await ben.open(THREAD);
    await ben.watch();
    world.bus.presence.set(LIST, 'ben-1', 'ben', { typing: true });
    expect(ben.rooms).toEqual(new Set([`scope:${LIST}`, `scope:${THREAD}`, `run:${RUN}`]));
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await vi.advanceTimersByTimeAsync(100);
    expect(ben.rooms.size).toBe(0);
    expect(
      ben
        .all('scope:gone')
        .map(({ scope }) => scope)
        .sort(),
    ).toEqual([LIST, THREAD].sort());
    expect(ada.all('presence:state').at(-1)).toEqual({ scope: LIST, who: [] });
  });
});

test('a deleted list is gone for all, its threads too, and no change follows', async () => {
  const ada = await world.openAs('ada');
  await ada.open(THREAD);
  world.feed.scopes.get(LIST)!.gone = 'deleted';
  world.feed.acls.get(LIST)!.epoch += 1;
  world.redis.publish(world.feed.commit(LIST, [{ op: 'del', type: 'list', id: 'x' }]));
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.all('scope:gone')).toEqual([
    { scope: LIST, reason: 'deleted' },
    { scope: THREAD, reason: 'deleted' },
  ]);
  expect(ada.seqs()).toEqual([]);
});

test('an epoch that nobody ever had blocks its packet and not the scope', async () => {
  const ada = await world.openAs('ada');
  world.redis.publish({ ...world.feed.commit(LIST), aclEpoch: 99 });
  await vi.advanceTimersByTimeAsync(10_000);
  world.commit();
  await vi.advanceTimersByTimeAsync(100);
  expect(ada.seqs()).toEqual([1, 2]);
});
