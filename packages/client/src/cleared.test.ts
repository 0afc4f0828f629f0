import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readStore } from '../test/read-store.ts';
import { ADA, LIST, LIST_SCOPE, setUp, titles, uuid, type Setup } from '../test/setup.ts';
import { createIndexedDbStorage } from './indexeddb.ts';
import type { MusterClient, StoragePort } from './types.ts';

let world: Setup;
let name: string;
/** So often does the browser still refuse to open anything. */
let refusals = 0;
const connections: IDBDatabase[] = [];
const storages: StoragePort[] = [];

beforeEach(() => {
  world = setUp();
  name = `cleared-${crypto.randomUUID()}`;
  const open = IDBFactory.prototype.open;
  vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory, ...args) {
    if (refusals > 0) {
      refusals -= 1;
      throw new DOMException('The connection was closed.', 'AbortError');
    }
    const request = open.apply(this, args);
    request.addEventListener('success', () => connections.push(request.result));
    return request;
  });
});
afterEach(async () => {
  await world.stop();
  for (const storage of storages.splice(0)) await storage.close();
  connections.splice(0);
  vi.restoreAllMocks();
});

const store = (): StoragePort => {
  const storage = createIndexedDbStorage(name);
  storages.push(storage);
  return storage;
};

async function start(): Promise<{ client: MusterClient; told: () => number }> {
  const client = world.client({ storage: store() });
  let told = 0;
  client.on('cleared', () => (told += 1));
  await client.start();
  await vi.waitFor(() => expect(client.status.connection).toBe('online'));
  await vi.waitFor(() => expect(client.scopeState(LIST_SCOPE)).toMatchObject({ state: 'open', isFresh: true }));
  return { client, told: () => told };
}

/** What a browser does that clears a site's data: connections end, and the database is gone. */
async function clear(): Promise<void> {
  const ended = connections.splice(0);
  const deleted = new Promise((resolve) => {
    indexedDB.deleteDatabase(name).onsuccess = resolve;
  });
  for (const connection of ended) forceCloseDatabase(connection as never);
  await deleted;
}

const onDisk = async () => {
  const { entities, pending, scopes } = await readStore(store());
  const tasks = entities.filter(({ type }) => type === 'task').map(({ value }) => value.title);
  return { tasks, scopes: scopes.length, pending: pending.map(({ args }) => (args as { title: string }).title) };
};

it('is stored again by the page that holds it: content, what waits, and whose it is', async () => {
  const { client, told } = await start();
  await client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Confirmed' }).outcome;
  world.server.intercept = ({ event }) => event === 'mutate';
  client.mutate('task.create', { id: uuid(2), listId: LIST, title: 'Waits' });
  await vi.waitFor(async () => expect((await onDisk()).pending).toEqual(['Waits']));
  const { clientId } = client;
  await clear();
  await vi.waitFor(() => expect(told()).toBe(1));
  expect(await onDisk()).toEqual({ tasks: ['Confirmed'], scopes: 2, pending: ['Waits'] });
  expect(await store().identity()).toMatchObject({ clientId, userId: ADA, nextMid: 3 });
  expect(titles(client)).toEqual(['Confirmed', 'Waits']);
  client.mutate('task.create', { id: uuid(3), listId: LIST, title: 'Behind it' });
  await vi.waitFor(async () => expect((await onDisk()).pending).toEqual(['Waits', 'Behind it']));
  expect(client.status.storage).toBe('ok');
});

it('keeps an edit whose writing was cut off, and one that came before anyone had noticed', async () => {
  const { client, told } = await start();
  const storage: string[] = [];
  client.on('status', (status) => storage.push(status.storage));
  const first = client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'In the middle' });
  // Until its transaction has begun.
  await new Promise((resolve) => setImmediate(resolve));
  for (const connection of connections.splice(0)) forceCloseDatabase(connection as never);
  const second = client.mutate('task.create', { id: uuid(2), listId: LIST, title: 'Right behind' });
  await clear();
  expect(await first.outcome).toMatchObject({ status: 'applied' });
  expect(await second.outcome).toMatchObject({ status: 'applied' });
  await vi.waitFor(() => expect(told()).toBe(1));
  await vi.waitFor(async () => expect((await onDisk()).tasks.sort()).toEqual(['In the middle', 'Right behind']));
  expect(new Set(storage)).toEqual(new Set(['ok']));
});

it('is told by every tab, whichever was first, and stands there once', async () => {
  const [first, second] = [await start(), await start()];
  await first.client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Confirmed' }).outcome;
  await vi.waitFor(() => expect(titles(second.client)).toEqual(['Confirmed']));
  world.server.intercept = ({ event }) => event === 'mutate';
  first.client.mutate('task.create', { id: uuid(2), listId: LIST, title: 'Of the first' });
  second.client.mutate('task.create', { id: uuid(3), listId: LIST, title: 'Of the second' });
  await vi.waitFor(async () => expect((await onDisk()).pending).toHaveLength(2));
  const { pending } = await onDisk();
  await clear();
  await vi.waitFor(() => expect([first.told(), second.told()]).toEqual([1, 1]));
  expect((await onDisk()).pending).toEqual(pending);
});

it('is opened again once the browser lets it, with nobody writing meanwhile', async () => {
  const { client, told } = await start();
  await client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Confirmed' }).outcome;
  refusals = 3;
  await clear();
  await vi.waitFor(() => expect(told()).toBe(1));
  expect(refusals).toBe(0);
  expect((await onDisk()).tasks).toEqual(['Confirmed']);
});

it('is not brought back for someone who signed out', async () => {
  const { client, told } = await start();
  await client.forget();
  await clear();
  expect((await onDisk()).scopes).toBe(0);
  expect(told()).toBe(0);
});
