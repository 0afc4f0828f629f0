import 'fake-indexeddb/auto';
import { scopeOf } from '@muster/protocol/id';
import { afterEach, describe, expect, it } from 'vitest';
import { EPOCH_A, EPOCH_B } from '../test/fake-server.ts';
import { readStore } from '../test/read-store.ts';
import { uuid } from '../test/setup.ts';
import { createIndexedDbStorage } from './indexeddb.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { FormerMutation, PendingMutation, StoragePort, StoredEntity } from './types.ts';

const SCOPE = scopeOf('list', uuid(1));
const OTHER = scopeOf('list', uuid(2));
const [ADA, BEN] = [uuid(11), uuid(12)];
const head = (seq: number, logEpoch = EPOCH_A, scope = SCOPE) => ({ scope, seq, logEpoch, aclEpoch: 1 });
const entity = (n: number, title: string, scope = SCOPE): StoredEntity => ({
  scope,
  type: 'task',
  id: uuid(n),
  value: { title },
});
const mutation = (nonce: string): Omit<PendingMutation, 'mid'> => ({
  nonce,
  name: 'task.delete',
  args: { id: uuid(1) },
  base: 3,
  queuedAt: 5,
  seqs: null,
});
const UNDER = { logEpoch: EPOCH_A, at: 1_000 };
const which = ({ mid, nonce }: PendingMutation) => ({ mid, nonce });

let names = 0;
/** Each opens further storages on the same disk, as tabs do. */
const TWINS: [string, () => () => StoragePort][] = [
  [
    'memory',
    () => {
      const disk = createMemoryDisk();
      return () => createMemoryStorage(disk);
    },
  ],
  [
    'IndexedDB',
    () => {
      names += 1;
      const name = `muster-${names}`;
      return () => createIndexedDbStorage(name);
    },
  ],
];

describe.each(TWINS)('%s', (_name, disk) => {
  const opened: StoragePort[] = [];
  const make = () => {
    const another = disk();
    return () => {
      const storage = another();
      opened.push(storage);
      return storage;
    };
  };
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
  });

  it('gives one identity to all tabs, also where both come first', async () => {
    const tab = make();
    const [one, two] = await Promise.all([tab().identity(), tab().identity()]);
    expect(one).toEqual({ clientId: expect.stringMatching(/^[0-9a-f-]{36}$/), userId: null, nextMid: 1 });
    expect(two).toEqual(one);
  });

  it('writes a packet only onto the seq before it, of the same log', async () => {
    const storage = make()();
    const put = (from: number, to: number, title: string, logEpoch = EPOCH_A) =>
      storage.applyPacket(SCOPE, logEpoch, from, to, 2, [entity(1, title)], [{ type: 'task', id: uuid(2) }]);
    expect(await put(1, 1, 'no scope')).toBe(false);
    await storage.replaceScope(head(5), [entity(1, 'old'), entity(2, 'goes')]);
    expect(await put(7, 7, 'a gap')).toBe(false);
    expect(await put(4, 5, 'seen')).toBe(false);
    expect(await put(6, 6, 'another log', EPOCH_B)).toBe(false);
    expect((await readStore(storage)).entities).toEqual([entity(1, 'old'), entity(2, 'goes')]);
    expect(await put(5, 7, 'new')).toBe(true);
    const { scopes, entities } = await readStore(storage);
    expect(scopes).toEqual([{ ...head(7), aclEpoch: 2 }]);
    expect(entities).toEqual([entity(1, 'new')]);
  });

  it('never has a seq that its values are not at, whichever of two tabs writes first', async () => {
    const tab = make();
    const [one, two] = [tab(), tab()];
    await one.replaceScope(head(0), []);
    const write = (storage: StoragePort, seq: number) =>
      storage.applyPacket(SCOPE, EPOCH_A, seq, seq, 1, [entity(1, `at ${seq}`)], []);
    const took: boolean[][] = [];
    for (let seq = 1; seq <= 5; seq += 1) took.push(await Promise.all([write(one, seq), write(two, seq)]));
    expect(took.every(([a, b]) => a !== b)).toBe(true);
    expect(await write(one, 3)).toBe(false);
    const { scopes, entities } = await readStore(two);
    expect([scopes[0]?.seq, entities[0]?.value.title]).toEqual([5, 'at 5']);
  });

  it('replaces a scope whole, and drops one without touching others', async () => {
    const storage = make()();
    await storage.replaceScope(head(5), [entity(1, 'a'), entity(2, 'b')]);
    await storage.replaceScope(head(9, EPOCH_A, OTHER), [entity(3, 'c', OTHER)]);
    await storage.replaceScope(head(2, EPOCH_B), [entity(2, 'B')]);
    expect((await readStore(storage)).scopes.sort((a, b) => a.seq - b.seq)).toEqual([
      head(2, EPOCH_B),
      head(9, EPOCH_A, OTHER),
    ]);
    expect((await readStore(storage)).entities.map(({ value }) => value.title).sort()).toEqual(['B', 'c']);
    await storage.dropScope(SCOPE);
    expect((await readStore(storage)).entities).toEqual([entity(3, 'c', OTHER)]);
    expect(await storage.applyPacket(SCOPE, EPOCH_B, 3, 3, 1, [entity(1, 'back')], [])).toBe(false);
  });

  it('gives each mutation its own mid, whichever tab queues it', async () => {
    const tab = make();
    const [one, two] = [tab(), tab()];
    const nonces = Array.from({ length: 20 }, (_, n) => `nonce-${n}`);
    const queued = await Promise.all(nonces.map((nonce, n) => (n % 2 ? one : two).enqueue(mutation(nonce))));
    expect(queued.map(({ mid }) => mid).sort((a, b) => a - b)).toEqual(nonces.map((_, n) => n + 1));
    expect((await one.pending()).map(({ mid }) => mid)).toEqual(nonces.map((_, n) => n + 1));
    expect(await one.identity()).toMatchObject({ nextMid: 21 });
  });

  it('settles, empties and removes what is meant by mid and nonce, and nothing else', async () => {
    const storage = make()();
    const [one, two, three] = [
      await storage.enqueue(mutation('n-1')),
      await storage.enqueue(mutation('n-2')),
      await storage.enqueue(mutation('n-3')),
    ];
    await storage.settle(which(one), { [SCOPE]: 4 });
    await storage.voidOut([which(two)]);
    await storage.retire(
      [
        { ...which(three), seqs: {} },
        { mid: 1, nonce: 'of another life', seqs: {} },
      ],
      UNDER,
    );
    expect(await storage.pending()).toEqual([
      { ...one, seqs: { [SCOPE]: 4 } },
      { ...two, name: 'client.void', args: {} },
    ]);
    expect((await storage.enqueue(mutation('n-4'))).mid).toBe(4);
  });

  it('begins mids again under a new clientId, with all that is not settled, and once for all tabs', async () => {
    const tab = make();
    const [one, two] = [tab(), tab()];
    const a = await one.enqueue(mutation('a'));
    await one.enqueue(mutation('b'));
    await two.enqueue(mutation('late'));
    await one.settle(which(a), { [SCOPE]: 1 });
    const { clientId } = await one.identity();
    expect(await Promise.all([one.renew(clientId, uuid(99), 0), two.renew(clientId, uuid(98), 0)])).toEqual([
      true,
      false,
    ]);
    expect((await two.pending()).map(({ mid, nonce }) => [mid, nonce])).toEqual([
      [1, 'b'],
      [2, 'late'],
    ]);
    expect(await two.identity()).toMatchObject({ clientId: uuid(99), nextMid: 3 });
  });

  it('keeps people apart, passes on what was nobody’s, and finds everyone again', async () => {
    const tab = make();
    const storage = tab();
    expect(await storage.setUser(ADA)).toBe(true);
    const adas = await storage.identity();
    await storage.replaceScope(head(5), [entity(1, 'a')]);
    await storage.putProfiles({ [ADA]: { name: 'Ada', image: null, kind: 'person' } });
    await storage.enqueue(mutation('from-ada'));
    await storage.switchTo(BEN);
    const bens = await storage.identity();
    expect(bens).toMatchObject({ userId: BEN, nextMid: 1 });
    expect(bens.clientId).not.toBe(adas.clientId);
    expect(await readStore(storage)).toEqual({
      scopes: [],
      entities: [],
      torn: [],
      pending: [],
      profiles: {},
      hasFormer: false,
    });
    await storage.enqueue(mutation('from-ben'));
    await storage.switchTo(null);
    expect(await storage.identity()).toMatchObject({ userId: null, nextMid: 1 });
    await storage.enqueue(mutation('from-nobody'));
    expect(await storage.setUser(ADA)).toBe(false);
    await storage.switchTo(ADA);
    expect(await storage.identity()).toEqual({ ...adas, nextMid: 3 });
    const loaded = await readStore(tab());
    expect(loaded.pending.map(({ mid, nonce }) => [mid, nonce])).toEqual([
      [1, 'from-ada'],
      [2, 'from-nobody'],
    ]);
    expect(loaded.entities).toEqual([entity(1, 'a')]);
    expect(loaded.profiles).toEqual({ [ADA]: { name: 'Ada', image: null, kind: 'person' } });
    await storage.wipe();
    expect((await readStore(storage)).pending).toEqual([]);
    await storage.switchTo(BEN);
    expect((await storage.pending()).map(({ nonce }) => nonce)).toEqual(['from-ben']);
  });

  describe('what was acknowledged', () => {
    const done = (mid: number, seqs: Record<string, number> | null = { [SCOPE]: mid }) => ({
      ...{ mid, nonce: `n-${mid}`, seqs },
    });
    const queue = async (storage: StoragePort, count: number, name: PendingMutation['name'] = 'task.delete') => {
      for (let n = 1; n <= count; n += 1) {
        const { mid } = await storage.identity().then(({ nextMid }) => ({ mid: nextMid }));
        await storage.enqueue({ ...mutation(`n-${mid}`), name, args: { title: 'Words' } });
      }
    };
    const MINUTE = 60_000;

    it('is offered again to another log, once, with its mids and nonces, before what waits', async () => {
      const tab = make();
      const [one, two] = [tab(), tab()];
      await queue(one, 4, 'task.create');
      await one.retire([done(1), done(2, null)], { logEpoch: EPOCH_A, at: MINUTE });
      await two.retire([done(3)], { logEpoch: EPOCH_B, at: MINUTE });
      expect((await two.pending()).map(({ mid }) => mid)).toEqual([4]);
      const offered = await two.offerAgain(EPOCH_B, MINUTE);
      expect(offered.map(({ mid, nonce, name, seqs }) => [mid, nonce, name, seqs])).toEqual([
        [1, 'n-1', 'task.create', null],
        [2, 'n-2', 'client.void', null],
        [4, 'n-4', 'task.create', null],
      ]);
      expect(await one.offerAgain(EPOCH_B, MINUTE)).toEqual(offered);
      expect((await one.enqueue(mutation('n-5'))).mid).toBe(5);
    });

    it('is all offered again where the server waits for a mid that it had answered, under whichever log that was', async () => {
      const tab = make();
      const [one, two] = [tab(), tab()];
      await queue(one, 4, 'task.create');
      await one.retire([done(1), done(2)], { logEpoch: EPOCH_A, at: MINUTE });
      await one.settle({ mid: 3, nonce: 'n-3' }, { [SCOPE]: 3 });
      expect((await two.offerAgain(EPOCH_A, MINUTE, 4)).map(({ mid, seqs }) => [mid, seqs])).toEqual([
        [3, { [SCOPE]: 3 }],
        [4, null],
      ]);
      const offered = await two.offerAgain(EPOCH_A, MINUTE, 2);
      expect(offered.map(({ mid, nonce, seqs }) => [mid, nonce, seqs])).toEqual([
        [1, 'n-1', null],
        [2, 'n-2', null],
        [3, 'n-3', null],
        [4, 'n-4', null],
      ]);
      expect(await one.offerAgain(EPOCH_A, MINUTE)).toEqual(offered);
    });

    it('is kept for ten minutes, and a thousand at most', async () => {
      const storage = make()();
      await queue(storage, 68);
      await storage.retire([done(1)], { logEpoch: EPOCH_A, at: MINUTE });
      await storage.retire([done(2)], { logEpoch: EPOCH_A, at: 5 * MINUTE });
      const many = Array.from({ length: 65 }, (_, n) => done(n + 3));
      await storage.retire(many, { logEpoch: EPOCH_A, at: 12 * MINUTE });
      const kept = (await storage.offerAgain(EPOCH_B, 12 * MINUTE)).map(({ mid }) => mid);
      expect([kept.length, kept[0], kept.at(-1)]).toEqual([67, 2, 68]);
      await queue(storage, 1_036);
      await storage.retire(
        Array.from({ length: 1_104 }, (_, n) => done(n + 1)),
        { logEpoch: EPOCH_A, at: 13 * MINUTE },
      );
      const offered = await storage.offerAgain(EPOCH_B, 13 * MINUTE);
      expect([offered.length, offered[0]?.mid]).toEqual([1_000, 105]);
    });

    it('is not forgotten because the clock was set forward', async () => {
      const storage = make()();
      await queue(storage, 65);
      const first = Array.from({ length: 64 }, (_, n) => done(n + 1));
      await storage.retire(first, { logEpoch: EPOCH_A, at: MINUTE });
      await storage.retire([done(65)], { logEpoch: EPOCH_A, at: 25 * 60 * MINUTE });
      const offered = await storage.offerAgain(EPOCH_B, 25 * 60 * MINUTE);
      expect([offered.length, offered[0]?.mid]).toEqual([64, 2]);
    });

    it('is not offered a month later: the server may have forgotten the client', async () => {
      const storage = make()();
      await queue(storage, 1);
      await storage.retire([done(1)], { logEpoch: EPOCH_A, at: MINUTE });
      expect(await storage.offerAgain(EPOCH_B, 31 * 24 * 60 * MINUTE)).toEqual([]);
    });

    it('loses its words with the scope that they are in, and keeps its mid; a deletion is wanted again', async () => {
      const storage = make()();
      await queue(storage, 1, 'task.create');
      await queue(storage, 1, 'list.delete');
      await queue(storage, 1, 'task.create');
      await storage.retire([done(1), done(2), done(3, { [OTHER]: 1 })], { logEpoch: EPOCH_A, at: MINUTE });
      await storage.dropScope(SCOPE);
      expect((await storage.offerAgain(EPOCH_B, MINUTE)).map(({ mid, name, args }) => [mid, name, args])).toEqual([
        [1, 'client.void', {}],
        [2, 'list.delete', { title: 'Words' }],
        [3, 'task.create', { title: 'Words' }],
      ]);
    });

    it('stays with its clientId when there is another, for each log that does not hold it', async () => {
      const tab = make();
      const [one, two] = [tab(), tab()];
      await queue(one, 4, 'task.create');
      await one.retire([done(1), done(2), done(3, null)], { logEpoch: EPOCH_A, at: MINUTE });
      await one.settle({ mid: 4, nonce: 'n-4' }, { [SCOPE]: 4 });
      await queue(one, 1);
      const from = (await one.identity()).clientId;
      await one.renew(from, uuid(99), 2 * MINUTE);
      expect((await one.offerAgain(EPOCH_B, MINUTE)).map(({ mid, nonce }) => [mid, nonce])).toEqual([[1, 'n-5']]);
      const names = (rows: FormerMutation[]) => rows.map(({ clientId, mid, nonce }) => [clientId, mid, nonce]);
      // What was refused needs no asking; what was answered last was answered by nobody knows which log.
      expect(names(await two.former(EPOCH_A, MINUTE))).toEqual([[from, 4, 'n-4']]);
      const asked = await two.former(EPOCH_B, MINUTE);
      expect(names(asked)).toEqual([1, 2, 4].map((mid) => [from, mid, `n-${mid}`]));
      const [held, ...lost] = asked;
      await two.settleFormer([held!], lost, uuid(50), { logEpoch: EPOCH_B, at: 3 * MINUTE });
      // Another tab was told the same.
      await one.settleFormer([held!], lost, uuid(51), { logEpoch: EPOCH_B, at: 3 * MINUTE });
      const again = await one.former(EPOCH_B, MINUTE);
      expect(again).toMatchObject([
        { clientId: uuid(50), mid: 1, nonce: 'n-2', args: { title: 'Words' }, isLost: true },
        { clientId: uuid(50), mid: 2, nonce: 'n-4', isLost: true },
      ]);
      await one.settleFormer(again, [], uuid(52), { logEpoch: EPOCH_B, at: 3 * MINUTE });
      expect(await two.former(EPOCH_B, MINUTE)).toEqual([]);
      expect(names(await two.former(EPOCH_A, MINUTE))).toHaveLength(3);
      await two.dropScope(SCOPE);
      expect(await two.former(EPOCH_A, MINUTE)).toEqual([]);
    });

    it('under an earlier clientId is kept for ten minutes and goes when its person signs out', async () => {
      const storage = make()();
      await queue(storage, 70, 'task.create');
      for (let n = 1; n <= 70; n += 1) await storage.retire([done(n)], { logEpoch: EPOCH_A, at: n * 1_000 });
      await storage.renew((await storage.identity()).clientId, uuid(99), MINUTE);
      const last = (await storage.former(EPOCH_B, MINUTE)).at(-1)!;
      await storage.settleFormer([last], [], uuid(50), { logEpoch: EPOCH_B, at: 12 * MINUTE });
      expect(await storage.former('', MINUTE)).toHaveLength(64);
      await storage.wipe();
      expect(await storage.former('', MINUTE)).toEqual([]);
    });
  });

  it('takes in what got its mid in memory, and counts on from there', async () => {
    const storage = make()();
    await storage.enqueue(mutation('n-1'));
    expect((await storage.enqueue(mutation('n-4'), 4)).mid).toBe(4);
    await storage.keep([
      { ...mutation('n-2'), mid: 2 },
      { ...mutation('another n-4'), mid: 4 },
      { ...mutation('n-5'), mid: 5 },
    ]);
    expect((await storage.pending()).map(({ mid, nonce }) => [mid, nonce])).toEqual([
      [1, 'n-1'],
      [2, 'n-2'],
      [4, 'n-4'],
      [5, 'n-5'],
    ]);
    expect((await storage.enqueue(mutation('n-6'))).mid).toBe(6);
  });
});
