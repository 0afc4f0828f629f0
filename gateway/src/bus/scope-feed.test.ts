import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIST, MemoryWorld, settle, THREAD, type MemorySocket } from './test/memory-world.ts';

let world: MemoryWorld;
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  await world.bus.start();
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
  expect(world.faults).toEqual([]);
});

describe('order', () => {
  test('packets that follow each other are emitted, known ones are dropped, overlapping ones are cut', async () => {
    const ada = await world.openAs('ada');
    world.commit();
    const second = world.feed.commit(LIST);
    world.feed.commit(LIST);
    world.redis.publish(second, second, world.feed.packet(LIST, 1, 2), world.feed.packet(LIST, 2, 3));
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([1, 2, 3]);
  });

  test('writers that reorder cost no read', async () => {
    const ada = await world.openAs('ada');
    const [one, two, three] = [world.feed.commit(LIST), world.feed.commit(LIST), world.feed.commit(LIST)];
    world.redis.publish(three, two);
    await vi.advanceTimersByTimeAsync(29);
    expect(ada.seqs()).toEqual([]);
    world.redis.publish(one);
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([1, 2, 3]);
    expect(world.feed.count('readChanges')).toBe(0);
  });

  test('a lost packet is read once for the whole gateway, and all readers get it in order', async () => {
    const sockets = await Promise.all(['ada', 'ben', 'ada'].map((id) => world.openAs(id)));
    world.feed.commit(LIST);
    world.feed.commit(LIST);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    for (const socket of sockets) expect(socket.seqs()).toEqual([1, 2, 3]);
    expect(world.feed.count('readChanges')).toBe(1);
  });

  test('while the gap cannot be read it is asked for again, and nothing overtakes it', async () => {
    const ada = await world.openAs('ada');
    world.feed.commit(LIST);
    world.feed.fail('readChanges', 2);
    world.commit();
    await vi.advanceTimersByTimeAsync(100);
    world.commit();
    expect(ada.seqs()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ada.seqs()).toEqual([1, 2, 3]);
  });

  test('a log that no longer reaches back to the entry resets it: readers are shown the gap', async () => {
    const ada = await world.openAs('ada');
    for (let n = 0; n < 5; n++) world.feed.commit(LIST);
    const row = world.feed.scopes.get(LIST)!;
    row.floor = 3;
    row.changes.splice(0, 3);
    world.redis.publish(world.feed.packet(LIST, 5, 5));
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.all('scope:heads').at(-1)?.heads[LIST]).toBe(5);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.seqs()).toEqual([6]);
  });

  test('a packet from before the head was known waits for it', async () => {
    const held = world.feed.hold('readPositions');
    const ada = world.connect('ada');
    const opening = ada.open();
    await held.taken;
    world.commit();
    held.arrive();
    await opening;
    await vi.advanceTimersByTimeAsync(10);
    expect(world.feed.count('readChanges')).toBe(0);
    expect(ada.seqs()).toEqual([]);
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([2]);
  });
});

describe('the epoch of a packet', () => {
  test('is that of its last change, also in packets that rows, the ring or a drained socket give', async () => {
    const epochs = (socket: MemorySocket) =>
      socket.all('scope:changes').map(({ from, to, aclEpoch }) => [from, to, aclEpoch]);
    const ada = await world.openAs('ada');
    const slow = await world.openAs('ada');
    slow.member.reader.suspend();
    // Lost: two changes, then somebody's rights without a change in the log, which positioning alone would find.
    world.feed.commit(LIST);
    world.feed.commit(LIST);
    world.feed.acls.get(LIST)!.epoch += 5;
    const held = world.feed.packet(LIST, 2, 2);
    world.feed.commit(LIST);
    world.redis.publish({ ...held, from: 4, to: 4, changes: [{ ...held.changes[0]!, seq: 4 }], aclEpoch: 1 });
    world.feed.scopes.get(LIST)!.changes.splice(2);
    await vi.advanceTimersByTimeAsync(60);
    expect(epochs(ada)).toEqual([[1, 2, 1]]);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    expect(epochs(ada).at(-1)).toEqual([3, 3, 6]);
    slow.member.reader.isFull = false;
    await world.bus.gate.resume(slow.member.reader);
    expect(epochs(slow)).toEqual([[1, 3, 6]]);

    const late = world.connect('ben');
    const read = world.feed.hold('readScopes');
    const opening = late.open();
    await read.taken;
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    read.arrive();
    await opening;
    expect(epochs(late)).toEqual([[4, 4, 6]]);
  });
});

describe('emission', () => {
  test('the first change goes at once, those that follow within milliseconds travel as one packet', async () => {
    const ada = await world.openAs('ada');
    world.commit();
    await settle();
    expect(ada.seqs()).toEqual([1]);
    for (let n = 0; n < 10; n++) world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.all('scope:changes').map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [2, 11],
    ]);
  });

  test('to a large room, where each packet costs more, they wait longer for each other', async () => {
    const packetsTo = async (readers: number) => {
      const [ada] = await Promise.all(Array.from({ length: readers }, () => world.openAs('ada')));
      await vi.advanceTimersByTimeAsync(1_000);
      for (let n = 0; n < 10; n++) {
        world.commit();
        await vi.advanceTimersByTimeAsync(2);
        if (n === 0) expect(ada!.seqs()).toHaveLength(1);
      }
      await vi.advanceTimersByTimeAsync(30);
      expect(ada!.seqs()).toHaveLength(10);
      return ada!.all('scope:changes').length;
    };
    expect(await packetsTo(1)).toBeGreaterThanOrEqual(5);
    expect(await packetsTo(1_000)).toBe(2);
  });

  test('a big one is split by seq', async () => {
    const ada = await world.openAs('ada');
    const effects = [{ op: 'put' as const, type: 'task', id: 't', value: { notes: 'x'.repeat(100_000) } }];
    for (let n = 0; n < 6; n++) world.feed.commit(LIST, effects);
    world.redis.publish(world.feed.packet(LIST, 1, 6));
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.all('scope:changes').map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  test("an author's profile comes with their first packet, and not again", async () => {
    world.feed.profiles = { eve: { name: 'Eve', image: null, kind: 'person' } };
    const ada = await world.openAs('ada');
    world.redis.publish(world.feed.commit(LIST, [], 'eve'));
    await vi.advanceTimersByTimeAsync(20);
    world.redis.publish(world.feed.commit(LIST, [], 'eve'));
    await vi.advanceTimersByTimeAsync(20);
    expect(ada.all('scope:changes').map((packet) => packet.profiles?.['eve']?.name)).toEqual(['Eve', undefined]);
  });

  test('a name that cannot be read holds nothing up', async () => {
    world.feed.hold('readProfiles');
    const ada = await world.openAs('ada');
    world.commit();
    await vi.advanceTimersByTimeAsync(400);
    expect(ada.seqs()).toEqual([1]);
  });

  test('a packet of another scope reaches nobody here', async () => {
    world.feed.make(THREAD, {}, LIST);
    const ada = await world.openAs('ada');
    world.commit(THREAD);
    await vi.advanceTimersByTimeAsync(50);
    expect(ada.all('scope:changes')).toEqual([]);
  });
});
