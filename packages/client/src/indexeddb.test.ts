import 'fake-indexeddb/auto';
import { scopeOf } from '@muster/protocol/id';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_A, EPOCH_B } from '../test/fake-server.ts';
import { readStore } from '../test/read-store.ts';
import { ADA, BEN, uuid } from '../test/setup.ts';
import { createIndexedDbStorage } from './indexeddb.ts';
import { VERSION } from './indexeddb-schema.ts';
import type { StoragePort, StoredEntity } from './types.ts';

const [LIST, OTHER] = [scopeOf('list', uuid(1)), scopeOf('list', uuid(2))];
const head = (scope = LIST, seq = 5) => ({ scope, seq, logEpoch: EPOCH_A, aclEpoch: 1 });
const task = (n: number, scope = LIST): StoredEntity => ({
  ...{ scope, type: 'task', id: uuid(n), value: { title: `T${n}`, notes: 'é', due: null } },
});
const waiting = (mid: number) => ({
  ...{ mid, nonce: `nonce-${mid}`, name: 'task.delete' as const, args: { id: uuid(mid) } },
  ...{ base: 3, queuedAt: 5, seqs: null },
});

let names = 0;
let name: string;
const opened: StoragePort[] = [];
beforeEach(() => {
  names += 1;
  name = `disk-${names}`;
});
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
});

function open(): StoragePort {
  const storage = createIndexedDbStorage(name);
  opened.push(storage);
  return storage;
}

/** Reaches under the storage, as a crash or a failing disk would. */
async function tamper(change: (database: Awaited<ReturnType<typeof openDB>>) => Promise<unknown>): Promise<void> {
  for (const storage of opened.splice(0)) await storage.close();
  const database = await openDB(name);
  await change(database);
  database.close();
}

/** A store as the first version left it: two lists, one of them unreadable, and two people. */
async function storeOfTheFirstVersion(): Promise<void> {
  const database = await openDB(name, 1, {
    upgrade(made) {
      made.createObjectStore('meta');
      made.createObjectStore('profiles', { keyPath: 'key' });
      made.createObjectStore('scopes', { keyPath: ['profile', 'scope'] });
      made.createObjectStore('entities', { keyPath: ['profile', 'scope', 'type', 'id'] });
      made.createObjectStore('pending', { keyPath: ['profile', 'mid'] });
      made.createObjectStore('people', { keyPath: ['profile', 'id'] });
    },
  });
  await database.put('meta', 'a', 'current');
  await database.put('profiles', { key: 'a', clientId: uuid(90), userId: ADA, nextMid: 8 });
  await database.put('profiles', { key: 'b', clientId: uuid(91), userId: BEN, nextMid: 1 });
  for (const scope of [LIST, OTHER]) await database.put('scopes', { ...head(scope), profile: 'a' });
  for (let n = 1; n <= 300; n += 1) await database.put('entities', { ...task(n), profile: 'a' });
  await database.put('entities', { ...task(1, OTHER), value: 'torn', profile: 'a' });
  await database.put('scopes', { ...head(LIST, 2), profile: 'b' });
  for (const mid of [6, 7]) await database.put('pending', { ...waiting(mid), profile: 'a' });
  await database.put('people', { id: ADA, profile: 'a', name: 'Ada', image: null, kind: 'person' });
  database.close();
}

const byId = (entities: StoredEntity[]) => [...entities].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('a store of the first version', () => {
  it('is upgraded in place, with its content and its queue', async () => {
    await storeOfTheFirstVersion();
    const storage = open();
    expect(await storage.identity()).toEqual({ clientId: uuid(90), userId: ADA, nextMid: 8 });
    const { scopes, entities, pending, profiles } = await readStore(storage);
    expect(scopes).toEqual([head()]);
    expect(byId(entities)).toEqual(Array.from({ length: 300 }, (_, n) => task(n + 1)));
    expect(pending).toEqual([waiting(6), waiting(7)]);
    expect(profiles[ADA]?.name).toBe('Ada');
    await storage.switchTo(BEN);
    expect((await readStore(storage)).scopes).toEqual([head(LIST, 2)]);
  });

  it('goes on from there', async () => {
    await storeOfTheFirstVersion();
    const storage = open();
    expect(await storage.applyPacket(LIST, EPOCH_A, 6, 6, 1, [task(301)], [{ type: 'task', id: uuid(1) }])).toBe(true);
    expect((await storage.enqueue({ ...waiting(0), nonce: 'new' })).mid).toBe(8);
    const { entities } = await readStore(open());
    expect(byId(entities).map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, n) => uuid(n + 2)));
  });
});

describe('a store of a newer version', () => {
  it('is not touched', async () => {
    const database = await openDB(name, VERSION + 1, { upgrade: (made) => void made.createObjectStore('tomorrow') });
    database.close();
    await expect(open().identity()).rejects.toMatchObject({ why: 'newer' });
    const after = await openDB(name);
    expect([after.version, [...after.objectStoreNames]]).toEqual([VERSION + 1, ['tomorrow']]);
    after.close();
  });
});

describe('content', () => {
  it('stays whole while a list grows from one page to many, and shrinks again', async () => {
    const storage = open();
    await storage.replaceScope(head(LIST, 0), []);
    const expected = new Map<string, StoredEntity>();
    for (let seq = 1; seq <= 40; seq += 1) {
      const puts = Array.from({ length: 10 }, (_, n) => task(seq * 10 + n));
      const dels = seq % 2 ? [] : [{ type: 'task', id: uuid(seq * 5) }];
      for (const put of puts) expected.set(put.id, put);
      for (const { id } of dels) expected.delete(id);
      expect(await storage.applyPacket(LIST, EPOCH_A, seq, seq, 1, puts, dels)).toBe(true);
    }
    const { entities, torn } = await readStore(open());
    expect(torn).toEqual([]);
    expect(byId(entities)).toEqual(byId([...expected.values()]));
    let pages = 0;
    await tamper(async (database) => void (pages = await database.count('pages')));
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(12);
  });

  it('is read whole from many pages', async () => {
    const storage = open();
    const lists = Array.from({ length: 300 }, (_, n) => scopeOf('list', uuid(1_000 + n)));
    for (const scope of lists) await storage.replaceScope(head(scope), [task(1, scope), task(2, scope)]);
    const { scopes, entities } = await readStore(open());
    expect([scopes.length, entities.length]).toEqual([300, 600]);
  });
});

describe('torn content', () => {
  const TEARS: [string, (database: Awaited<ReturnType<typeof openDB>>, key: string) => Promise<unknown>][] = [
    ['a page that is gone', (database, key) => database.delete('pages', [key, LIST, 1])],
    ['a head that is gone', (database, key) => database.delete('scopes', [key, LIST])],
    [
      'a page that cannot be read',
      (database, key) => database.put('pages', { profile: key, scope: LIST, page: 1, text: '[["task","x",{"ti' }),
    ],
    [
      'a page of something else',
      (database, key) => database.put('pages', { profile: key, scope: LIST, page: 1, text: '[["task",7,null]]' }),
    ],
    [
      'a page that lost some of it',
      (database, key) => database.put('pages', { profile: key, scope: LIST, page: 1, text: '[]' }),
    ],
    [
      'a head without a seq',
      (database, key) => database.put('scopes', { profile: key, scope: LIST, pages: 3, size: 150 }),
    ],
  ];

  it.each(TEARS)('%s: the scope is dropped, all else stays', async (_what, tear) => {
    const storage = open();
    await storage.setUser(ADA);
    await storage.replaceScope(
      head(),
      Array.from({ length: 150 }, (_, n) => task(n + 1)),
    );
    await storage.replaceScope(head(OTHER), [task(1, OTHER)]);
    const queued = await storage.enqueue(waiting(0));
    await tamper(async (database) => tear(database, (await database.get('meta', 'current')) as string));
    const { scopes, entities, torn, pending } = await readStore(open());
    expect([scopes, entities, torn, pending]).toEqual([[head(OTHER)], [task(1, OTHER)], [LIST], [queued]]);
    expect((await readStore(open())).torn).toEqual([]);
    expect(await open().applyPacket(LIST, EPOCH_A, 6, 6, 1, [task(1)], [])).toBe(false);
  });

  it('that a packet meets is dropped then', async () => {
    const storage = open();
    await storage.replaceScope(head(), [task(1)]);
    await tamper(async (database) => {
      const key = (await database.get('meta', 'current')) as string;
      await database.put('pages', { profile: key, scope: LIST, page: 0, text: '' });
    });
    expect(await open().applyPacket(LIST, EPOCH_A, 6, 6, 1, [task(2)], [])).toBe(false);
    expect(await readStore(open())).toMatchObject({ scopes: [], entities: [], torn: [] });
  });
});

describe('a torn queue', () => {
  it('keeps what can be read of it', async () => {
    const storage = open();
    for (const n of [1, 2, 3]) await storage.enqueue({ ...waiting(n) });
    await tamper(async (database) => {
      const key = (await database.get('meta', 'current')) as string;
      await database.put('pending', { profile: key, mid: 2, nonce: 7 });
    });
    const again = open();
    expect((await readStore(again)).pending.map(({ mid }) => mid)).toEqual([1, 3]);
    const { clientId } = await again.identity();
    expect(await again.renew(clientId, uuid(80), 0)).toBe(true);
    expect((await again.pending()).map(({ mid, nonce }) => [mid, nonce])).toEqual([
      [1, 'nonce-1'],
      [2, 'nonce-3'],
    ]);
  });

  it('never gives a mid twice, whatever its counter says', async () => {
    const storage = open();
    for (const n of [1, 2, 3]) await storage.enqueue({ ...waiting(n) });
    await tamper(async (database) => {
      const [profile] = await database.getAll('profiles');
      await database.put('profiles', { ...(profile as object), nextMid: 2 });
    });
    expect((await open().identity()).nextMid).toBe(4);
    expect((await open().enqueue(waiting(4))).mid).toBe(4);
  });

  it('is found again where the note of who was here last is gone', async () => {
    const storage = open();
    await storage.setUser(ADA);
    const { clientId } = await storage.identity();
    await storage.enqueue(waiting(1));
    await tamper((database) => database.delete('meta', 'current'));
    expect(await open().identity()).toEqual({ clientId, userId: ADA, nextMid: 2 });
  });

  it('but not where it would be a guess whose it is', async () => {
    const storage = open();
    await storage.setUser(ADA);
    await storage.switchTo(BEN);
    await tamper((database) => database.delete('meta', 'current'));
    expect(await open().identity()).toMatchObject({ userId: null });
  });

  it.each([
    ['gone', (database: Awaited<ReturnType<typeof openDB>>, key: string) => database.delete('profiles', key)],
    [
      'unreadable',
      (database: Awaited<ReturnType<typeof openDB>>, key: string) => database.put('profiles', { key, nextMid: 'x' }),
    ],
  ])('goes on under a new clientId where its profile is %s, and is still its owner’s', async (_what, tear) => {
    const storage = open();
    await storage.setUser(ADA);
    const { clientId } = await storage.identity();
    await storage.replaceScope(head(scopeOf('user', ADA)), []);
    for (const n of [1, 2]) await storage.enqueue({ ...waiting(n) });
    await storage.retire([{ mid: 1, nonce: 'nonce-1', seqs: {} }], { logEpoch: EPOCH_A, at: 1 });
    await tamper(async (database) => tear(database, (await database.get('meta', 'current')) as string));
    const again = open();
    const mended = await again.identity();
    expect(mended).toMatchObject({ userId: ADA, nextMid: 2 });
    expect(mended.clientId).not.toBe(clientId);
    expect((await again.offerAgain(EPOCH_B, 2)).map(({ mid, nonce }) => [mid, nonce])).toEqual([[1, 'nonce-2']]);
  });

  it('of nobody’s is not another’s: signing out leaves nobody signed in', async () => {
    const storage = open();
    await storage.setUser(ADA);
    await storage.switchTo(BEN);
    await storage.wipe();
    expect(await open().identity()).toMatchObject({ userId: null });
  });
});
