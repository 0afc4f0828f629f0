import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyTakes, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createIndexedDbStorage } from './indexeddb.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { MusterClient, StoragePort } from './types.ts';

let names = 0;
const DISKS: [string, () => () => StoragePort][] = [
  [
    'in one process',
    () => {
      const disk = createMemoryDisk();
      return () => createMemoryStorage(disk);
    },
  ],
  [
    'of one browser',
    () => {
      names += 1;
      const name = `tabs-${names}`;
      return () => createIndexedDbStorage(name);
    },
  ],
];

it('a tab whose turn comes while it reads under which clientId it is sends nothing under the old one', async () => {
  const world = setUp();
  const shared = createMemoryDisk();
  let release = () => {};
  let isHeld = false;
  const slow = createMemoryStorage(shared);
  const identity = slow.identity.bind(slow);
  const storages = [
    createMemoryStorage(shared),
    Object.assign(slow, {
      identity: async () => {
        const read = await identity();
        if (isHeld) await new Promise<void>((resolve) => (release = resolve));
        return read;
      },
    }),
  ];
  const tabs = storages.map((storage) => world.client({ storage }));
  for (const tab of tabs) {
    await tab.start();
    await vi.waitFor(() => expect(tab.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
  }
  const before = tabs[0]!.clientId;
  copyTakes(world.server, before, 1);
  const second = [...world.server.connections][1]!;
  isHeld = true;
  const { outcome } = tabs[1]!.mutate('task.create', { id: uuid(1), listId: LIST, title: 'T1' });
  await vi.waitFor(() => expect(tabs[0]!.clientId).not.toBe(before));
  await settled();
  expect(second.auth.clientId).toBe(before);
  expect(second.frames.filter(({ event }) => event === 'mutate')).toEqual([]);
  isHeld = false;
  release();
  expect(await outcome).toMatchObject({ status: 'applied' });
  const taken = tabs[0]!.clientId;
  expect(tabs[1]!.clientId).toBe(taken);
  expect([...world.server.clients.keys()]).toEqual([before, taken]);
  await world.stop();
});

describe.each(DISKS)('two tabs %s', (_name, disk) => {
  let world: Setup;
  let open: () => StoragePort;
  let tabs: MusterClient[];
  const connectionsOf = () => [...world.server.connections];
  const pushes = () => connectionsOf().map(({ frames }) => frames.filter(({ event }) => event === 'mutate').length);
  const create = (tab: number, n: number) =>
    tabs[tab]!.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });

  beforeEach(async () => {
    world = setUp();
    open = disk();
    tabs = [world.client({ storage: open() }), world.client({ storage: open() })];
    for (const tab of tabs) {
      await tab.start();
      await vi.waitFor(() => expect(tab.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
    }
  });
  afterEach(() => world.stop());

  it('share a clientId, and one of them pushes what either queues, in order and once', async () => {
    expect(tabs[0]!.clientId).toBe(tabs[1]!.clientId);
    const outcomes = Array.from({ length: 12 }, (_, n) => create(n % 2, n + 1).outcome);
    for (const outcome of await Promise.all(outcomes)) expect(outcome.status).toBe('applied');
    expect(pushes().sort((a, b) => a - b)).toEqual([0, 12]);
    expect(world.server.taken.map(({ mid }) => mid)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    await vi.waitFor(() => expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0]));
    expect(titles(tabs[0]!)).toEqual(titles(tabs[1]!));
    await vi.waitFor(async () => expect(await open().pending()).toEqual([]));
    const { scopes } = await open().load();
    expect(scopes.find(({ scope }) => scope === LIST_SCOPE)?.seq).toBe(14);
  });

  it('see each other’s edits without a server', async () => {
    world.server.admit = () => {
      throw new Error('down');
    };
    for (const connection of connectionsOf()) connection.cut();
    create(0, 1);
    create(1, 2);
    await vi.waitFor(() => expect(tabs.map((tab) => titles(tab).length)).toEqual([2, 2]));
    // Each shows its own first, until the disk has given both their places in the queue.
    await vi.waitFor(() => expect(titles(tabs[0]!)).toEqual(titles(tabs[1]!)));
  });

  it('see an edit before it is on disk, and take it back where its tab ended before it was', async () => {
    const storage = open();
    const held: (() => void)[] = [];
    let isGone = false;
    const slow = world.client({
      storage: Object.assign(Object.create(storage) as StoragePort, {
        enqueue: (...args: Parameters<StoragePort['enqueue']>) =>
          new Promise((resolve, reject) => {
            held.push(() => {
              if (!isGone) storage.enqueue(...args).then(resolve, reject);
            });
          }),
      }),
    });
    await slow.start();
    await vi.waitFor(() => expect(slow.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
    slow.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Slow' });
    await vi.waitFor(() => expect(tabs.map((tab) => titles(tab))).toEqual([['Slow'], ['Slow']]));
    expect(await storage.pending()).toEqual([]);
    expect(world.server.taken).toEqual([]);
    // What is made of it goes to the server behind it, or not at all.
    held[0]!();
    await vi.waitFor(() => expect(world.server.taken.map(({ mid }) => mid)).toEqual([1]));
    await vi.waitFor(() => expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0]));

    slow.mutate('task.create', { id: uuid(2), listId: LIST, title: 'Never stored' });
    await vi.waitFor(() => expect(tabs.map((tab) => titles(tab).length)).toEqual([2, 2]));
    isGone = true;
    await vi.waitFor(async () => {
      await world.clock.advance(2_000);
      expect(tabs.map((tab) => titles(tab))).toEqual([['Slow'], ['Slow']]);
    });
    expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0]);
    isGone = false;
    held[1]!();
    await vi.waitFor(() => expect(world.server.taken.map(({ mid }) => mid)).toEqual([1, 2]));
    await vi.waitFor(() => expect(titles(tabs[0]!)).toEqual(['Slow', 'Never stored']));
  });

  it('go on when the one that pushes is closed', async () => {
    const first = connectionsOf()[0];
    world.server.intercept = (frame, connection) => frame.event === 'mutate' && connection === first;
    create(0, 1);
    await vi.waitFor(() => expect(titles(tabs[1]!)).toEqual(['T1']));
    await tabs[0]!.stop();
    const { outcome } = create(1, 2);
    expect(await outcome).toMatchObject({ status: 'applied', mid: 2 });
    expect(world.server.taken.map(({ mid }) => mid)).toEqual([1, 2]);
    await vi.waitFor(() => expect(tabs[1]!.status.pending).toBe(0));
  });

  it('do not wait for one that pushes and cannot', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    connectionsOf()[0]!.cut();
    expect(await create(1, 1).outcome).toMatchObject({ status: 'applied' });
    world.server.admit = admit;
  });

  it('both hear of a rejection, and of what depended on it', async () => {
    const told: unknown[] = [];
    for (const tab of tabs) tab.on('rejected', ({ mid }) => told.push(mid));
    world.server.intercept = (frame) => {
      if (frame.event !== 'mutate' || (frame.data as { mid: number }).mid !== 1) return false;
      world.server.clients.set(tabs[0]!.clientId, { last: 1, answers: new Map() });
      frame.answer({ ok: true, data: { status: 'rejected', code: 'forbidden', message: 'No.' } });
      return true;
    };
    const { outcome } = create(1, 1);
    expect(await outcome).toMatchObject({ status: 'rejected', code: 'forbidden' });
    await vi.waitFor(() => expect(tabs.map((tab) => titles(tab))).toEqual([[], []]));
    expect(told).toEqual([1, 1]);
    await vi.waitFor(async () => expect(await open().pending()).toEqual([]));
  });

  it('take a new clientId together', async () => {
    const before = tabs[0]!.clientId;
    await create(0, 1).outcome;
    await vi.waitFor(() => expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0]));
    copyTakes(world.server, before, 2);
    const { outcome } = create(1, 2);
    await vi.waitFor(async () => {
      await world.clock.advance(500);
      expect(tabs.map((tab) => tab.clientId === before)).toEqual([false, false]);
    });
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(tabs[0]!.clientId).toBe(tabs[1]!.clientId);
    await vi.waitFor(async () => {
      await world.clock.advance(500);
      expect(tabs.map((tab) => titles(tab))).toEqual([
        ['T1', 'T2'],
        ['T1', 'T2'],
      ]);
    });
  });
});
