import { expect, it, vi } from 'vitest';
import { EPOCH_A } from '../test/fake-server.ts';
import { readStore } from '../test/read-store.ts';
import { LIST_SCOPE, uuid } from '../test/setup.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { StorageWriter } from './storage-writer.ts';

const packet = (seq: number) => ({ scope: LIST_SCOPE, logEpoch: EPOCH_A, from: seq, to: seq, aclEpoch: 1 });
const entity = (title: string) => [{ type: 'task', id: uuid(1), value: { title } }];

/** A writer that has begun a job which ends when told. */
async function busy() {
  const storage = createMemoryStorage();
  await storage.replaceScope({ scope: LIST_SCOPE, seq: 0, logEpoch: EPOCH_A, aclEpoch: 1 }, []);
  const write = vi.spyOn(storage, 'applyPacket');
  const writer = new StorageWriter(storage, () => undefined);
  let end: () => void = () => {};
  await new Promise<void>((begun) => {
    writer.later(() => {
      begun();
      return new Promise<void>((resolve) => (end = resolve));
    });
  });
  return { storage, writer, write, end: () => end() };
}

it('writes packets that wait as one', async () => {
  const { storage, writer, write, end } = await busy();
  for (const seq of [1, 2, 3]) writer.packet(packet(seq), entity(`at ${seq}`));
  end();
  await writer.idle();
  expect(write).toHaveBeenCalledTimes(1);
  const { scopes, entities } = await readStore(storage);
  expect([scopes[0]?.seq, entities[0]?.value.title]).toEqual([3, 'at 3']);
});

it('never lets a packet overtake what was to be written before it', async () => {
  const { storage, writer, write, end } = await busy();
  writer.packet(packet(1), entity('at 1'));
  const between = vi.fn(async () => undefined);
  writer.later(between);
  writer.packet(packet(2), entity('at 2'));
  end();
  await writer.idle();
  expect(write).toHaveBeenCalledTimes(2);
  expect(write.mock.invocationCallOrder[1]).toBeGreaterThan(between.mock.invocationCallOrder[0]!);
  expect((await readStore(storage)).scopes[0]?.seq).toBe(2);
});

it('goes on after a job that failed', async () => {
  const log = vi.fn();
  const writer = new StorageWriter(createMemoryStorage(), log);
  writer.later(() => Promise.reject(new Error('the disk is full')));
  expect(await writer.run(async () => 7)).toBe(7);
  expect(log).toHaveBeenCalledTimes(1);
});

it('begins with a person’s edit at once, however much content waits, and keeps edits in order', async () => {
  const { writer, end } = await busy();
  writer.packet(packet(1), entity('at 1'));
  const order: string[] = [];
  const edits = ['first', 'second'].map((name) => writer.edit(async () => order.push(name)));
  const behind = writer.run(async () => order.push('what is about them'));
  await Promise.all(edits);
  expect(order).toEqual(['first', 'second']);
  end();
  await behind;
  expect(order).toEqual(['first', 'second', 'what is about them']);
});

it('keeps an edit behind what says whose the store is', async () => {
  const { writer, end } = await busy();
  const order: string[] = [];
  const turn = writer.turn(async () => order.push('another person'));
  const edit = writer.edit(async () => order.push('an edit of theirs'));
  end();
  await Promise.all([turn, edit]);
  expect(order).toEqual(['another person', 'an edit of theirs']);
});
