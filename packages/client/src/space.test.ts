import 'fake-indexeddb/auto';
import { scopeOf } from '@muster/protocol/id';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFullDisk } from '../test/full-disk.ts';
import { ADA, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createIndexedDbStorage } from './indexeddb.ts';
import { VERSION } from './indexeddb-schema.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let shared: MemoryDisk;
beforeEach(() => {
  world = setUp();
  shared = createMemoryDisk();
});
afterEach(() => world.stop());

const create = (client: MusterClient, n: number) =>
  client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });

async function enter() {
  const { port, disk } = createFullDisk(createMemoryStorage(shared));
  const client = world.client({ storage: port });
  const rejected: unknown[] = [];
  client.on('rejected', (one) => rejected.push(one));
  await client.start();
  await settled();
  return { client, disk, rejected };
}

/** What waits on the disk, by mid. */
const onDisk = async () => (await createMemoryStorage(shared).pending()).map(({ mid }) => mid);
const scopesOnDisk = async () => (await createMemoryStorage(shared).load()).scopes.map(({ scope }) => scope).sort();

describe('where no space is left', () => {
  it('edits go on in memory, are sent, and the person can be told', async () => {
    const { client, disk, rejected } = await enter();
    disk.isFull = true;
    expect(await create(client, 1).outcome).toMatchObject({ status: 'applied', mid: 1 });
    expect(client.status).toMatchObject({ storage: 'full', estimate: { usageBytes: 90, quotaBytes: 100 } });
    await create(client, 2).outcome;
    expect([titles(client), rejected]).toEqual([['T1', 'T2'], []]);
    disk.isFull = false;
    expect(await create(client, 3).outcome).toMatchObject({ status: 'applied', mid: 3 });
    expect(client.status.storage).toBe('ok');
    expect(world.server.taken.map(({ mid }) => mid)).toEqual([1, 2, 3]);
  });

  it('what waits in memory is put on disk once there is room, under its own mid', async () => {
    const { client, disk } = await enter();
    world.server.intercept = (frame) => frame.event === 'mutate';
    create(client, 1);
    await settled();
    disk.isFull = true;
    const nonces = [create(client, 2).nonce, create(client, 3).nonce];
    await settled();
    expect([await onDisk(), client.status.pending]).toEqual([[1], 3]);
    disk.isFull = false;
    create(client, 4);
    await settled();
    expect([await onDisk(), client.status.storage]).toEqual([[1, 2, 3, 4], 'ok']);
    expect((await createMemoryStorage(shared).pending()).slice(1, 3).map(({ nonce }) => nonce)).toEqual(nonces);
  });

  it('content that nobody looks at makes room first, the queue never', async () => {
    const others = Array.from({ length: 5 }, (_, n) => uuid(200 + n));
    for (const id of others) world.server.act(ADA, 'list.create', { id, title: 'Other' });
    const { client, disk } = await enter();
    await client.open(LIST_SCOPE).ready;
    world.server.intercept = (frame) => frame.event === 'mutate';
    create(client, 1);
    await settled();
    disk.needs = 3;
    create(client, 2);
    await settled();
    expect(disk.evicted.sort()).toEqual(others.map((id) => scopeOf('list', id)));
    expect(await scopesOnDisk()).toEqual([LIST_SCOPE, scopeOf('user', ADA)].sort());
    expect([await onDisk(), client.status.storage]).toEqual([[1, 2], 'ok']);
    // They are still shown, and followed; they are not written again while space is short.
    expect(client.get('list', others[0]!)?.value.title).toBe('Other');
    world.server.act(ADA, 'list.rename', { id: others[0]!, title: 'Renamed' });
    await settled();
    world.server.act(ADA, 'list.create', { id: uuid(300), title: 'New' });
    await settled();
    const shown = [others[0]!, uuid(300)].map((id) => client.get('list', id)?.value.title);
    expect(shown).toEqual(['Renamed', 'New']);
    expect(await scopesOnDisk()).toHaveLength(2);
  });

  it('another tab that gives the same mid loses nothing: both are queued again', async () => {
    const { client, disk } = await enter();
    disk.isFull = true;
    world.server.intercept = (frame) => frame.event === 'mutate';
    create(client, 1);
    await settled();
    // Another tab, which did not hear of it, has room again.
    const other = { nonce: 'b'.repeat(36), name: 'task.create' as const, base: null, queuedAt: 1, seqs: null };
    await createMemoryStorage(shared).enqueue({ ...other, args: { id: uuid(2), listId: LIST, title: 'T2' } });
    world.server.mutate(
      { mid: 1, nonce: other.nonce, name: 'task.create', args: { id: uuid(2), listId: LIST, title: 'T2' } },
      { userId: ADA, auth: { clientId: client.clientId, protocol: 1 } },
    );
    world.server.intercept = () => undefined;
    [...world.server.connections][0]!.cut();
    await world.clock.advance(10_000);
    expect(titles(client).sort()).toEqual(['T1', 'T2']);
    expect(client.status.pending).toBe(0);
  });

  it('also where there is room again before the server tells them apart: it is not taken for stored', async () => {
    const { client, disk } = await enter();
    disk.isFull = true;
    world.server.intercept = (frame) => frame.event === 'mutate';
    const { outcome } = create(client, 1);
    await settled();
    const other = { nonce: 'b'.repeat(36), name: 'task.create' as const, base: null, queuedAt: 1, seqs: null };
    await createMemoryStorage(shared).enqueue({ ...other, args: { id: uuid(2), listId: LIST, title: 'T2' } });
    disk.isFull = false;
    create(client, 3);
    await settled();
    expect(client.status).toMatchObject({ pending: 2, storage: 'full' });
    world.server.mutate(
      { mid: 1, nonce: other.nonce, name: 'task.create', args: { id: uuid(2), listId: LIST, title: 'T2' } },
      { userId: ADA, auth: { clientId: client.clientId, protocol: 1 } },
    );
    world.server.intercept = () => undefined;
    [...world.server.connections][0]!.cut();
    await world.clock.advance(10_000);
    expect(titles(client).sort()).toEqual(['T1', 'T2', 'T3']);
    expect([await outcome, client.status.pending]).toEqual([expect.objectContaining({ status: 'applied' }), 0]);
  });

  it('a disk that fails says so, and loses nothing either', async () => {
    const { client, disk } = await enter();
    disk.isBroken = true;
    expect(await create(client, 1).outcome).toMatchObject({ status: 'applied' });
    expect(client.status.storage).toBe('unavailable');
    disk.isBroken = false;
    await create(client, 2).outcome;
    expect(client.status.storage).toBe('ok');
  });

  it('the queue can be read from a disk that takes nothing any more', async () => {
    const { client } = await enter();
    world.server.intercept = (frame) => frame.event === 'mutate';
    create(client, 1);
    await settled();
    await client.stop();
    const { port, disk } = createFullDisk(createMemoryStorage(shared));
    disk.isFull = true;
    world.server.intercept = () => undefined;
    const again = world.client({ storage: port });
    await again.start();
    await settled();
    expect([titles(again), world.server.taken.length, again.status.pending]).toEqual([['T1'], 1, 0]);
  });
});

describe('the browser', () => {
  it('is asked to keep the store with the first own edit, once', async () => {
    const { client, disk } = await enter();
    expect([disk.persisted, client.status.estimate]).toEqual([0, null]);
    for (const n of [1, 2]) await create(client, n).outcome;
    expect(disk.persisted).toBe(1);
    expect(client.status).toMatchObject({ storage: 'ok', estimate: { usageBytes: 90, quotaBytes: 100 } });
  });

  it('that stores nothing leaves a page that works, and says so', async () => {
    const broken = { ...createMemoryStorage(), identity: () => Promise.reject(new Error('not allowed')) };
    const client = world.client({ storage: broken });
    await client.start();
    await settled();
    expect(await create(client, 1).outcome).toMatchObject({ status: 'applied' });
    expect(client.status.storage).toBe('unavailable');
  });

  it('whose store a newer page has upgraded is left alone, and says so', async () => {
    const name = 'of-tomorrow';
    (await openDB(name, VERSION + 1, { upgrade: (made) => void made.createObjectStore('tomorrow') })).close();
    const client = world.client({ storage: createIndexedDbStorage(name) });
    await client.start();
    await expect.poll(() => client.status.connection).toBe('online');
    expect(await create(client, 1).outcome).toMatchObject({ status: 'applied' });
    expect(client.status.storage).toBe('newer');
    const after = await openDB(name);
    expect([...after.objectStoreNames]).toEqual(['tomorrow']);
    after.close();
  });
});
