import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIST, MemoryWorld } from './test/memory-world.ts';

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
});

const position = (seq: number) => ({ seq, logEpoch: world.feed.logEpoch });
const row = () => world.feed.scopes.get(LIST)!;
/** Somebody is erased: their changes stay, emptied, and what lies there is caught up with by a snapshot. */
function erase(floor: number): void {
  row().floor = floor;
  for (const change of row().changes) if (change.seq <= floor) change.effects = [];
}

describe('what is below the floor', () => {
  test('is not answered from memory after an erasure, to whoever comes with an old position', async () => {
    const watcher = world.connect('ada');
    await watcher.open();
    for (let n = 0; n < 6; n++) {
      world.redis.publish(
        world.feed.commit(LIST, [{ op: 'patch', type: 'task', id: 't', fields: { title: 'secret' } }]),
      );
    }
    await vi.advanceTimersByTimeAsync(10);
    expect((await world.connect('ben').open(LIST, position(2)))?.results).toMatchObject([{ kind: 'changes', from: 3 }]);

    erase(4);
    const answer = await world.connect('ben').open(LIST, position(2));
    expect(answer?.results).toMatchObject([{ kind: 'snapshot', seq: 6 }]);
    expect(JSON.stringify(answer)).not.toContain('secret');
    // At the floor the log goes on, and so does the ring.
    expect((await world.connect('ben').open(LIST, position(4)))?.results).toMatchObject([
      { kind: 'changes', from: 5, to: 6 },
    ]);
  });

  test('is not repaired from rows that were emptied: the entry starts anew, and readers are shown the gap', async () => {
    const ada = world.connect('ada');
    await ada.open();
    for (let n = 0; n < 5; n++) world.feed.commit(LIST, [{ op: 'del', type: 'task', id: 't' }]);
    erase(3);
    world.redis.publish(world.feed.packet(LIST, 5, 5));
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.seqs()).toEqual([]);
    expect(ada.all('scope:heads').at(-1)?.heads[LIST]).toBe(5);
    expect(await world.measured('resets_total', 'why="floor"')).toBe(1);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.seqs()).toEqual([6]);
  });

  test('where nothing is left of the log, the entry stands at the head and not behind it', async () => {
    const ada = world.connect('ada');
    await ada.open();
    for (let n = 0; n < 5; n++) world.feed.commit(LIST);
    row().floor = 5;
    row().changes.splice(0);
    await vi.advanceTimersByTimeAsync(3_700);
    expect(ada.all('scope:heads').at(-1)?.heads[LIST]).toBe(5);
    expect((await world.connect('ben').open(LIST, position(5)))?.results).toMatchObject([
      { kind: 'changes', from: 6, to: 5 },
    ]);
    expect(ada.all('hello')).toEqual([]);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    expect(ada.seqs()).toEqual([6]);
  });

  test('a slow reader who drained gets nothing of it', async () => {
    const [ada, ben] = [world.connect('ada'), world.connect('ben')];
    await ada.open();
    await ben.open();
    ben.member.reader.suspend();
    for (let n = 0; n < 4; n++) {
      world.redis.publish(
        world.feed.commit(LIST, [{ op: 'patch', type: 'task', id: 't', fields: { title: 'secret' } }]),
      );
    }
    await vi.advanceTimersByTimeAsync(10);
    erase(3);
    ben.member.reader.isFull = false;
    await world.bus.gate.resume(ben.member.reader);
    expect(JSON.stringify(ben.heard)).not.toContain('secret');
    expect(ben.rooms.size).toBe(1);
  });
});

test('a gap of thousands is not told change by change: the entry starts anew at the head', async () => {
  const ada = world.connect('ada');
  await ada.open();
  for (let n = 0; n < 2_100; n++) world.feed.commit(LIST);
  await vi.advanceTimersByTimeAsync(3_700);
  expect(world.feed.count('readChanges')).toBe(0);
  expect(ada.seqs()).toEqual([]);
  expect(ada.all('scope:heads').at(-1)?.heads[LIST]).toBe(2_100);
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([2_101]);
});
