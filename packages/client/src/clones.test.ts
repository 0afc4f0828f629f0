import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeConnection, Frame } from '../test/fake-server.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let disk: MemoryDisk;
let ada: MusterClient;
beforeEach(async () => {
  world = setUp();
  disk = createMemoryDisk();
  ada = world.client({ storage: createMemoryStorage(disk) });
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

const create = (n: number, title = `T${n}`) => ada.mutate('task.create', { id: uuid(n), listId: LIST, title });
const only = () => [...world.server.connections][0]!;

/** Holds the frames of mutations until they are let through. */
function hold(): () => void {
  const held: [Frame, FakeConnection][] = [];
  world.server.intercept = (frame, connection) => frame.event === 'mutate' && held.push([frame, connection]) > 0;
  return () => {
    world.server.intercept = () => undefined;
    for (const [frame, connection] of held) world.server.handle(frame, connection);
  };
}

/** What a copy of this browser's profile does under the same clientId. */
function copyDoes(mid: number, n: number, title: string): void {
  const mutation = { mid, nonce: `${n}`.repeat(36), name: 'task.create', args: { id: uuid(n), listId: LIST, title } };
  world.server.mutate(mutation, { userId: ADA, auth: { clientId: ada.clientId, protocol: 1 } });
}

describe('a copy of this client', () => {
  it('that used the same mid first takes nothing away: its change is not mistaken for one’s own', async () => {
    const release = hold();
    const { outcome } = create(1, 'Mine');
    await settled();
    const before = ada.clientId;
    copyDoes(1, 7, 'The copy’s');
    await settled();
    expect(await createMemoryStorage(disk).pending()).toHaveLength(1);
    release();
    world.server.intercept = (frame, { auth }) => frame.event === 'mutate' && auth.clientId !== before;
    await world.clock.advance(10_000);
    // Queued again, not sent yet, and in sight.
    expect(titles(ada).sort()).toEqual(['Mine', 'The copy’s']);
    world.server.intercept = () => undefined;
    only().cut();
    await world.clock.advance(10_000);
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(titles(ada).sort()).toEqual(['Mine', 'The copy’s']);
    expect(ada.clientId).not.toBe(before);
    expect([ada.status.pending, (await createMemoryStorage(disk).pending()).length]).toEqual([0, 0]);
  });

  it('found out in the middle of a queue: all of it happens once, in order', async () => {
    const release = hold();
    const outcomes = [1, 2, 3, 4].map((n) => create(n).outcome);
    await settled();
    copyDoes(1, 7, 'C1');
    copyDoes(2, 8, 'C2');
    await settled();
    release();
    await world.clock.advance(10_000);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual(Array(4).fill('applied'));
    expect(
      titles(ada)
        .filter((title) => title.startsWith('T'))
        .sort(),
    ).toEqual(['T1', 'T2', 'T3', 'T4']);
    expect(titles(ada)).toHaveLength(6);
  });
});

describe('a change that comes before its answer', () => {
  it('shows, and is not waited for by anyone; the queue keeps it until the answer', async () => {
    world.server.intercept = (frame, connection) => {
      if (frame.event === 'mutate') world.server.mutate(frame.data, connection);
      return frame.event === 'mutate';
    };
    const { outcome } = create(1);
    await settled();
    expect([ada.status.pending, titles(ada)]).toEqual([0, ['T1']]);
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Ben’s' } });
    await settled();
    expect(titles(ada)).toEqual(['Ben’s']);
    expect(await createMemoryStorage(disk).pending()).toHaveLength(1);
    world.server.intercept = () => undefined;
    only().cut();
    await world.clock.advance(2_000);
    expect(await outcome).toEqual({ status: 'applied', seqs: { [LIST_SCOPE]: 3 }, mid: 1 });
    expect(await createMemoryStorage(disk).pending()).toEqual([]);
    expect(world.server.seq(LIST_SCOPE)).toBe(4);
  });
});

describe('a field with a waiting value', () => {
  it('shows what came beside it once the server refuses one’s own', async () => {
    await create(1, 'Milk').outcome;
    await settled();
    const held: Frame[] = [];
    world.server.intercept = (frame) => frame.event === 'mutate' && held.push(frame) > 0;
    ada.mutate('task.update', { id: uuid(1), fields: { title: 'Mine', notes: 'Mine too' } });
    await settled();
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Theirs' } });
    await settled();
    const shown = () => [ada.get('task', uuid(1))?.value.title, ada.get('task', uuid(1))?.value.notes];
    expect(shown()).toEqual(['Mine', 'Mine too']);
    held[0]!.answer({ ok: true, data: { status: 'rejected', code: 'forbidden', message: 'No.' } });
    await settled();
    expect(shown()).toEqual(['Theirs', '']);
  });
});
