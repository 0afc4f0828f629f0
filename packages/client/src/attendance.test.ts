import { MusterError } from '@muster/protocol/error';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePage } from '../test/fake-page.ts';
import { BEN, copyTakes, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { MusterClient } from './types.ts';

const MINUTE_MS = 60_000;

let world: Setup;
let page: FakePage;
let ada: MusterClient;
let disk: ReturnType<typeof createMemoryDisk>;
const only = () => [...world.server.connections][0]!;
const create = (client: MusterClient, n: number) =>
  client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
const actAsBen = (n: number) => world.server.act(BEN, 'task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
/** Time passes, and the server says so. */
const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= 3_000) {
    world.server.heads();
    await world.clock.advance(Math.min(left, 3_000));
  }
};

beforeEach(async () => {
  world = setUp();
  page = new FakePage();
  disk = createMemoryDisk();
  ada = world.client({ page, storage: createMemoryStorage(disk) });
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

describe('a hidden page', () => {
  it('keeps its connection for five minutes, then gives it back, and catches up when it is shown', async () => {
    actAsBen(1);
    page.tell('hidden');
    await pass(5 * MINUTE_MS - 1_000);
    expect(ada.status.connection).toBe('online');
    await pass(1_000);
    expect(ada.status.connection).toBe('resting');
    expect(world.server.connections.size).toBe(0);
    actAsBen(2);
    await world.clock.advance(60 * MINUTE_MS);
    expect(world.server.connects).toBe(1);
    expect(titles(ada)).toEqual(['T1']);
    page.tell('shown');
    await settled();
    expect(ada.status).toMatchObject({ connection: 'online', since: null });
    expect(titles(ada)).toEqual(['T1', 'T2']);
  });

  it('that is shown in time keeps it', async () => {
    page.tell('hidden');
    await pass(4 * MINUTE_MS);
    page.tell('shown');
    await pass(10 * MINUTE_MS);
    expect(world.server.connects).toBe(1);
    expect(ada.status.connection).toBe('online');
  });

  it('pushes what waits before it rests', async () => {
    const held: (() => void)[] = [];
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return false;
      held.push(() => world.server.handle(frame, connection));
      return true;
    };
    page.tell('hidden');
    await pass(4.9 * MINUTE_MS);
    const { outcome } = create(ada, 1);
    await pass(12_000);
    expect(world.server.connects).toBe(1);
    held[0]!();
    expect(await outcome).toMatchObject({ status: 'applied' });
    await settled();
    expect(ada.status.connection).toBe('resting');
  });

  it('goes on trying while the server is down and something waits', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    only().cut();
    const { outcome } = create(ada, 1);
    page.tell('hidden');
    await world.clock.advance(30 * MINUTE_MS);
    expect(ada.status.connection).toBe('offline');
    world.server.admit = admit;
    await world.clock.advance(11_000);
    expect(await outcome).toMatchObject({ status: 'applied' });
    await settled();
    expect(ada.status.connection).toBe('resting');
  });

  it('stays where the server does not take it: the person must hear of that', async () => {
    ada = world.client({ page, restAfterMs: 1_000 });
    world.server.admit = () => {
      throw new MusterError('unauthenticated', 'No.');
    };
    await ada.start();
    page.tell('hidden');
    await world.clock.advance(2_000);
    expect(ada.status.connection).toBe('refused');
  });

  it('shows what other tabs edit, and leaves the pushing to them', async () => {
    page.tell('hidden');
    await pass(5 * MINUTE_MS);
    const other = world.client({ page: new FakePage(), storage: createMemoryStorage(disk) });
    await other.start();
    await settled();
    expect(await create(other, 1).outcome).toMatchObject({ status: 'applied' });
    await vi.waitFor(() => expect(titles(ada)).toEqual(['T1']));
    await pass(MINUTE_MS);
    expect(ada.status.connection).toBe('resting');
    page.tell('shown');
    await vi.waitFor(() => expect(ada.status).toMatchObject({ connection: 'online', pending: 0 }));
    expect(titles(ada)).toEqual(['T1']);
  });

  it('pushes what a tab left behind that was closed, and rests again', async () => {
    page.tell('hidden');
    await pass(5 * MINUTE_MS);
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    const other = world.client({ page: new FakePage(), storage: createMemoryStorage(disk) });
    await other.start();
    create(other, 1);
    await vi.waitFor(() => expect(titles(ada)).toEqual(['T1']));
    await world.clock.advance(10_000);
    // That one is awake, and will push when it can.
    expect(ada.status.connection).toBe('resting');
    await other.stop();
    world.server.admit = admit;
    await world.clock.advance(3_000);
    expect(world.server.taken).toHaveLength(1);
    await settled();
    expect(ada.status).toMatchObject({ connection: 'resting', pending: 0 });
  });
});

describe('a page that stands still', () => {
  it('lets go of its connection and its turn at once, and goes on when it thaws', async () => {
    const other = world.client({ page: new FakePage(), storage: createMemoryStorage(disk) });
    await other.start();
    await settled();
    page.tell('frozen');
    expect(ada.status.connection).toBe('resting');
    // No time passes: nothing has to be missed for the other to push.
    expect(await create(other, 1).outcome).toMatchObject({ status: 'applied' });
    page.tell('thawed');
    await settled();
    expect(ada.status.connection).toBe('online');
    await vi.waitFor(() => expect(titles(ada)).toEqual(['T1']));
    expect(ada.status.pending).toBe(0);
  });

  it('finds what the tabs did when it did not hear them', async () => {
    const { tabs } = disk;
    const deaf = { tabs: { join: (hear: (message: unknown) => void) => tabs.join((news) => isDeaf || hear(news)) } };
    let isDeaf = false;
    page = new FakePage();
    ada = world.client({ page, storage: Object.assign(createMemoryStorage(disk), deaf) });
    await ada.start();
    const other = world.client({ page: new FakePage(), storage: createMemoryStorage(disk) });
    await other.start();
    await settled();
    isDeaf = true;
    page.tell('frozen');
    expect(await create(other, 1).outcome).toMatchObject({ status: 'applied' });
    copyTakes(world.server, other.clientId, 2);
    const { outcome } = create(other, 2);
    await vi.waitFor(async () => {
      await world.clock.advance(500);
      expect(other.clientId).not.toBe(ada.clientId);
    });
    expect(await outcome).toMatchObject({ status: 'applied' });
    isDeaf = false;
    page.tell('thawed');
    await vi.waitFor(() => expect(ada.clientId).toBe(other.clientId));
    await vi.waitFor(() => expect(titles(ada)).toEqual(['T1', 'T2']));
    expect(ada.status.pending).toBe(0);
  });
});

describe('a machine that slept', () => {
  it('asks at once whether its connection stands, and makes another where it does not', async () => {
    await pass(3_000);
    const deaf = only();
    world.server.intercept = (_frame, connection) => connection === deaf;
    world.clock.sleep(8 * 60 * MINUTE_MS);
    actAsBen(1);
    world.server.connections.delete(deaf);
    await world.clock.advance(2_600);
    expect(world.server.connects).toBe(2);
    expect(titles(ada)).toEqual(['T1']);
  });

  it('keeps a connection that answers', async () => {
    await pass(3_000);
    world.clock.sleep(4 * MINUTE_MS);
    await world.clock.advance(1_000);
    world.server.heads();
    await pass(10_000);
    expect(world.server.connects).toBe(1);
    expect(only().frames.filter(({ event }) => event === 'scope:close')).toHaveLength(1);
  });

  it('does not wait for the time of its next try', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    only().cut();
    await world.clock.advance(60_000);
    // Just after a try that failed: the next one is up to 10 s away.
    const { connects } = world.server;
    while (world.server.connects === connects) await world.clock.advance(100);
    world.server.admit = admit;
    world.clock.sleep(8 * 60 * MINUTE_MS);
    await world.clock.advance(1_100);
    expect(ada.status.connection).toBe('online');
  });
});

describe('the network', () => {
  it('that comes back is used at once', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new Error('down');
    };
    only().cut();
    await world.clock.advance(60_000);
    world.server.admit = admit;
    page.tell('network');
    await settled();
    expect(ada.status.connection).toBe('online');
  });

  it('that goes is noticed in 1.5 s, and said', async () => {
    const deaf = only();
    world.server.intercept = () => true;
    world.server.admit = () => {
      throw new Error('down');
    };
    page.hasNetwork = false;
    page.tell('network');
    await world.clock.advance(1_400);
    expect(ada.status.connection).toBe('online');
    await world.clock.advance(101);
    expect(ada.status.connection).toBe('offline');
    expect(world.server.connections.has(deaf)).toBe(false);
  });
});

it('a client that stops leaves the page alone', async () => {
  expect(page.isWatched).toBe(true);
  await ada.stop();
  expect(page.isWatched).toBe(false);
  page.tell('shown');
  await world.clock.advance(10_000);
  expect(world.server.connects).toBe(1);
  expect(ada.status.connection).toBe('stopped');
});

it('the scope is fresh again after a rest', async () => {
  page.tell('frozen');
  expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: false });
  page.tell('thawed');
  await settled();
  expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true });
});
