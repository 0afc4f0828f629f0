import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EPOCH_B } from '../test/fake-server.ts';
import { Freezer } from '../test/freezer.ts';
import { LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { TurnNews } from './turn-to-push.ts';
import type { Clock, MusterClient } from './types.ts';

let world: Setup;
let tabs: MusterClient[];
let freezers: Freezer[];
/** How far the machine's clock was set since. */
let skewMs: number;
const disk = () => createMemoryStorage(shared);
let shared: ReturnType<typeof createMemoryDisk>;

const create = (tab: number, n: number) =>
  tabs[tab]!.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
const pushes = () =>
  [...world.server.connections].map(({ frames }) => frames.filter(({ event }) => event === 'mutate').length);
/** Time passes, and the server says so. */
const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= 1_000) {
    world.server.heads();
    await world.clock.advance(Math.min(left, 1_000));
  }
};

beforeEach(async () => {
  world = setUp();
  shared = createMemoryDisk();
  skewMs = 0;
  freezers = [new Freezer(), new Freezer(), new Freezer()];
  const skewed: Clock = {
    now: () => world.clock.now() + skewMs,
    random: () => world.clock.random(),
    setTimeout: (run, ms) => world.clock.setTimeout(run, ms),
  };
  tabs = freezers.map((freezer) =>
    world.client({
      storage: freezer.storage(disk()),
      clock: freezer.clock(skewed),
      transport: freezer.transport(world.server.transport),
    }),
  );
  for (const tab of tabs) {
    await tab.start();
    await vi.waitFor(() => expect(tab.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
  }
});
afterEach(() => world.stop());

describe('the tab that pushes', () => {
  it('is replaced within 3 s where it is frozen, by one tab, and steps down when it thaws', async () => {
    freezers[0]!.freeze();
    const { outcome } = create(1, 1);
    await settled();
    expect(world.server.taken).toEqual([]);
    await pass(3_000);
    expect(world.server.taken.map(({ mid }) => mid)).toEqual([1]);
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(titles(tabs[2]!)).toEqual(['T1']);

    freezers[0]!.thaw();
    await settled();
    const before = pushes();
    await Promise.all([create(0, 2).outcome, create(1, 3).outcome, create(2, 4).outcome]);
    const after = pushes();
    expect(after.filter((count, at) => count !== before[at])).toHaveLength(1);
    expect(after[0]).toBe(before[0]);
    expect(world.server.taken.map(({ mid }) => mid)).toEqual([1, 2, 3, 4]);
    await vi.waitFor(() => expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0, 0]));
  });

  it('is left alone while it answers, however long the server takes', async () => {
    const held: (() => void)[] = [];
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate' || held.length > 0) return false;
      held.push(() => world.server.handle(frame, connection));
      return true;
    };
    const { outcome } = create(1, 1);
    await pass(8_000);
    expect(pushes()).toEqual([1, 0, 0]);
    held[0]!();
    expect(await outcome).toMatchObject({ status: 'applied' });
  });

  it('is helped where it answers the others and gets nothing done', async () => {
    const [first] = world.server.connections;
    world.server.intercept = (frame, connection) => frame.event === 'mutate' && connection === first;
    const { outcome } = create(1, 1);
    for (let second = 0; second < 14; second += 1) await pass(1_000);
    expect(world.server.taken).toEqual([]);
    await pass(8_000);
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(world.server.taken).toHaveLength(1);
  });

  it('is helped also where the clock was set back meanwhile', async () => {
    const idle = shared.tabs.join((news) => {
      if ((news as TurnNews).news === 'who-pushes') idle.post({ news: 'here', isPushing: true } satisfies TurnNews);
    });
    idle.steal({ started: () => undefined, lost: () => undefined });
    const { outcome } = create(1, 1);
    await pass(2_000);
    skewMs = -3_600_000;
    await pass(15_000);
    expect(world.server.taken).toEqual([]);
    await pass(10_000);
    expect(world.server.taken).toHaveLength(1);
    expect(await outcome).toMatchObject({ status: 'applied' });
  });

  it('loses nothing and doubles nothing where it froze with half of its answers under way', async () => {
    const held: (() => void)[] = [];
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate' || held.length >= 5) return false;
      held.push(() => world.server.handle(frame, connection));
      return true;
    };
    const outcomes = Array.from({ length: 10 }, (_, n) => create(n % 3, n + 1).outcome);
    await vi.waitFor(() => expect(held).toHaveLength(5));
    freezers[0]!.freeze();
    await pass(2_500);
    for (const late of held) late();
    freezers[0]!.thaw();
    await pass(1_000);
    for (const outcome of await Promise.all(outcomes)) expect(outcome.status).toBe('applied');
    expect(world.server.taken.map(({ mid }) => mid)).toEqual(Array.from({ length: 10 }, (_, n) => n + 1));
    await vi.waitFor(() =>
      expect(tabs.map((tab) => titles(tab))).toEqual(Array.from({ length: 3 }, () => titles(tabs[0]!))),
    );
    expect(titles(tabs[0]!)).toHaveLength(10);
  });

  it('tells a tab what it was answered before that tab could hear', async () => {
    world.server.isDelivering = false;
    expect(await create(0, 1).outcome).toMatchObject({ status: 'applied' });
    // Its change has not come, so it is still in the queue that the newcomer reads; an answer on disk may be a lost log's.
    // From a whole list the newcomer cannot tell what made it so.
    await disk().evict([LIST_SCOPE]);
    const late = world.client({ storage: disk() });
    await late.start();
    await vi.waitFor(() => expect(late.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
    expect(late.status.pending).toBe(1);
    const before = pushes();
    await pass(1_000);
    expect(late.status.pending).toBe(0);

    // Others have caught up and forgotten it while the newcomer was reading.
    world.server.isDelivering = true;
    await pass(3_000);
    await vi.waitFor(async () => expect(await disk().pending()).toEqual([]));
    expect([...tabs, late].map((tab) => tab.status.pending)).toEqual([0, 0, 0, 0]);
    expect(pushes()).toEqual(before);
    expect(world.server.taken).toHaveLength(1);
  });

  it('tells a tab that something left the queue, where that tab read of it before', async () => {
    const storage = disk();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const late = world.client({
      storage: Object.assign(Object.create(storage) as typeof storage, {
        offerAgain: async (...args: Parameters<typeof storage.offerAgain>) => {
          const read = await storage.offerAgain(...args);
          await held;
          return read;
        },
      }),
    });
    world.server.isDelivering = false;
    expect(await create(0, 1).outcome).toMatchObject({ status: 'applied' });
    await disk().evict([LIST_SCOPE]);
    await late.start();
    await settled();
    world.server.isDelivering = true;
    await pass(3_000);
    await vi.waitFor(async () => expect(await disk().pending()).toEqual([]));
    release();
    await vi.waitFor(() => expect(late.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
    await pass(1_000);
    expect(late.status.pending).toBe(0);
    expect(titles(late)).toEqual(['T1']);
    expect(world.server.taken).toHaveLength(1);
  });

  it('tells a tab what was answered under a log of which that tab had not heard yet', async () => {
    const held: (() => void)[] = [];
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return false;
      held.push(() => world.server.handle(frame, connection));
      return true;
    };
    create(1, 1);
    await vi.waitFor(() => expect(held).toHaveLength(1));
    const [pushing, ...others] = world.server.connections;
    world.server.logEpoch = EPOCH_B;
    world.server.hello(pushing!);
    await settled();
    held[0]!();
    await vi.waitFor(async () => expect(await disk().pending()).toEqual([]));
    for (const other of others) world.server.hello(other);
    await pass(3_000);
    expect(tabs.map((tab) => tab.status.pending)).toEqual([0, 0, 0]);
    expect(tabs.map((tab) => titles(tab))).toEqual([['T1'], ['T1'], ['T1']]);
    expect(pushes()).toEqual([1, 0, 0]);
  });

  it('passes its turn on at once where it loses its connection', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    [...world.server.connections][0]!.cut();
    expect(await create(0, 1).outcome).toMatchObject({ status: 'applied' });
    world.server.admit = admit;
  });
});
