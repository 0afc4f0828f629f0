import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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

test('a full reader is sent nothing more, and comes back through the gate from where it was left', async () => {
  const [ada, ben] = [world.connect('ada'), world.connect('ben')];
  await Promise.all([ada.open(), ben.open()]);
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  ada.member.reader.suspend();
  for (let n = 0; n < 5; n++) world.commit();
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([1]);
  ada.member.reader.isFull = false;
  await world.bus.gate.resume(ada.member.reader);
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(ben.seqs()).toEqual(ada.seqs());
});

test('rows that nobody here heard of come with the epoch of their commit, and not with that of the read', async () => {
  const ada = world.connect('ada');
  await ada.open();
  ada.member.reader.suspend();
  world.feed.commit(LIST);
  world.feed.commit(LIST);
  world.feed.acls.get(LIST)!.epoch += 1;
  ada.member.reader.isFull = false;
  await world.bus.gate.resume(ada.member.reader);
  expect(ada.all('scope:changes').map(({ to, aclEpoch }) => [to, aclEpoch])).toEqual([[2, 1]]);
});

test('what was still in the outbox when it filled up is not forgotten', async () => {
  const ada = world.connect('ada');
  await ada.open();
  world.commit();
  await vi.advanceTimersByTimeAsync(1);
  world.commit();
  ada.member.reader.suspend();
  await vi.advanceTimersByTimeAsync(10);
  expect(ada.seqs()).toEqual([1]);
  ada.member.reader.isFull = false;
  await world.bus.gate.resume(ada.member.reader);
  expect(ada.seqs()).toEqual([1, 2]);
});

test('one that was removed meanwhile is told, and does not come back', async () => {
  const ben = world.connect('ben');
  await ben.open();
  ben.member.reader.suspend();
  world.feed.remove(LIST, 'ben');
  ben.member.reader.isFull = false;
  await world.bus.gate.resume(ben.member.reader);
  expect(ben.all('scope:gone')).toEqual([{ scope: LIST, reason: 'removed' }]);
  expect(ben.rooms.size).toBe(0);
});

test('a scope that it closes while it is full stays closed; one that it opens then is joined once it has drained', async () => {
  const ada = world.connect('ada');
  await ada.open();
  ada.member.reader.suspend();
  ada.member.reader.close(LIST);
  ada.member.reader.isFull = false;
  await world.bus.gate.resume(ada.member.reader);
  expect(ada.rooms.size).toBe(0);

  ada.member.reader.suspend();
  await ada.open();
  expect(ada.rooms.size).toBe(0);
  world.commit();
  ada.member.reader.isFull = false;
  await world.bus.gate.resume(ada.member.reader);
  expect(ada.rooms.size).toBe(1);
  expect(ada.seqs()).toEqual([1]);
});
