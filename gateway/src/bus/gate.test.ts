import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenAnswer } from './gate.ts';
import { LIST, MemoryWorld, settle, THREAD } from './test/memory-world.ts';

let world: MemoryWorld;
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  world.feed.make(THREAD, {}, LIST);
  await world.bus.start();
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
});

const epoch = () => world.feed.logEpoch;

describe('what comes between read and join', () => {
  test('a packet is sent after the answer, before anything newer', async () => {
    await world.connect('ben').open();
    const ada = world.connect('ada');
    const held = world.feed.hold('readScopes');
    const opening = ada.open();
    await held.taken;
    world.commit();
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    held.arrive();
    await opening;
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.heard[0]?.event).toBe('answer');
    expect(ada.heard[0]?.data).toMatchObject({ results: [{ kind: 'snapshot', seq: 0 }] });
    expect(ada.seqs()).toEqual([1, 2, 3]);
  });

  test('a removal is read again: the removed reader gets neither content nor room', async () => {
    const ada = world.connect('ada');
    await ada.open();
    const ben = world.connect('ben');
    const held = world.feed.hold('readScopes');
    const opening = ben.open();
    await held.taken;
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await settle();
    held.arrive();
    expect((await opening)?.results).toMatchObject([{ kind: 'error', error: { code: 'not_found' } }]);
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ben.rooms.size).toBe(0);
    expect(ben.seqs()).toEqual([]);
    expect(ada.seqs()).toEqual([1, 2]);
  });

  test('a read of a newer epoch joins, and never raises the epoch: those removed before are still evicted', async () => {
    const ben = world.connect('ben');
    await ben.open();
    // The removal's packet is late; somebody who has just been added opens in between.
    const removal = world.feed.remove(LIST, 'ben');
    world.feed.add(LIST, 'eve');
    const eve = world.connect('eve');
    await eve.open();
    world.redis.publish(removal);
    await vi.advanceTimersByTimeAsync(60);
    world.commit();
    await vi.advanceTimersByTimeAsync(60);
    expect(ben.all('scope:gone')).toHaveLength(1);
    expect(ben.seqs()).toEqual([]);
    expect(eve.rooms.size).toBe(1);
  });

  test('a scope that was closed meanwhile is answered and not joined', async () => {
    const ada = world.connect('ada');
    const held = world.feed.hold('readScopes');
    const opening = ada.open();
    await held.taken;
    ada.member.reader.close(LIST);
    held.arrive();
    expect((await opening)?.results).toMatchObject([{ kind: 'snapshot' }]);
    expect(ada.rooms.size).toBe(0);
    expect(world.redis.calls).toEqual([`subscribe ${LIST}`, `unsubscribe ${LIST}`]);
  });

  test('a socket that went away meanwhile joins nothing, and leaves no subscription behind', async () => {
    const ada = world.connect('ada');
    const held = world.feed.hold('readScopes');
    const opening = ada.open();
    await held.taken;
    ada.close();
    held.arrive();
    expect(await opening).toBeUndefined();
    expect(ada.rooms.size).toBe(0);
    expect(world.redis.calls).toEqual([`subscribe ${LIST}`, `unsubscribe ${LIST}`]);
  });

  test('more changes than the ring holds: it is read again', async () => {
    await world.connect('ben').open();
    const ada = world.connect('ada');
    const held = world.feed.hold('readScopes');
    const opening = ada.open();
    await held.taken;
    for (let n = 0; n < 450; n++) world.commit();
    await vi.advanceTimersByTimeAsync(10);
    held.arrive();
    expect((await opening)?.results).toMatchObject([{ kind: 'snapshot', seq: 450 }]);
    expect(ada.seqs()).toEqual([]);
  });

  test('a scope that moves faster than it is read is said to be unavailable; the others are answered', async () => {
    world.feed.make('list:44444444-4444-4444-8444-444444444444', { ada: 'owner' });
    await world.connect('ben').open();
    const ada = world.connect('ada');
    const read = world.feed.readScopes;
    world.feed.readScopes = async (asks) => {
      const answers = await read(asks);
      for (const answer of answers) if (answer?.read.scope === LIST) answer.read.aclEpoch = 0;
      return answers;
    };
    let answer: unknown;
    const wants = [{ scope: LIST }, { scope: 'list:44444444-4444-4444-8444-444444444444' as const }];
    await world.bus.gate.open(ada.member.reader, wants, (data) => (answer = data));
    expect(answer).toMatchObject({
      results: [{ kind: 'error', error: { code: 'unavailable' } }, { kind: 'snapshot' }],
    });
    expect(ada.rooms.size).toBe(1);
  });
});

describe('the last watcher', () => {
  test('entry and subscription go in the same turn, and the next watcher is not deaf', async () => {
    const ada = world.connect('ada');
    await ada.open();
    ada.member.reader.close(LIST);
    const opening = ada.open();
    expect(world.redis.calls).toEqual([`subscribe ${LIST}`, `unsubscribe ${LIST}`, `subscribe ${LIST}`]);
    await opening;
    world.commit();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.seqs()).toEqual([1]);
  });

  test("a thread keeps its list's subscription until it goes itself", async () => {
    const ada = world.connect('ada');
    await ada.open(THREAD);
    await ada.open(LIST);
    ada.member.reader.close(LIST);
    expect(world.redis.calls).not.toContain(`unsubscribe ${LIST}`);
    ada.member.reader.close(THREAD);
    expect(world.redis.calls.slice(-2)).toEqual([`unsubscribe ${THREAD}`, `unsubscribe ${LIST}`]);
  });

  test('strangers leave no entries', async () => {
    const eve = world.connect('eve');
    expect((await eve.open())?.results).toMatchObject([{ kind: 'error', error: { code: 'not_found' } }]);
    expect(world.redis.calls.at(-1)).toBe(`unsubscribe ${LIST}`);
    expect((await eve.open('list:99999999-9999-4999-8999-999999999999'))?.results).toMatchObject([
      { kind: 'error', error: { code: 'not_found' } },
    ]);
  });
});

describe('two frames that cross', () => {
  const [OTHER, OTHERS] = [
    scopeOf('list', '44444444-4444-4444-8444-444444444444'),
    scopeOf('thread', '55555555-5555-4555-8555-555555555555'),
  ];
  const frame = async (scopes: ScopeId[]): Promise<OpenAnswer | undefined> => {
    let answer: OpenAnswer | undefined;
    const wants = scopes.map((scope) => ({ scope }));
    await world.bus.gate.open(world.connect('ada').member.reader, wants, (data) => (answer = data));
    return answer;
  };
  const bothOpen = { results: [{ kind: 'snapshot' }, { kind: 'snapshot' }] };
  beforeEach(() => {
    world.feed.make(OTHER, { ada: 'owner' });
    world.feed.make(OTHERS, {}, OTHER);
  });

  test("a list and a thread of the other's list: neither waits for the other for ever", async () => {
    const answers = await Promise.race([
      Promise.all([frame([LIST, OTHERS]), frame([OTHER, THREAD])]),
      vi.advanceTimersByTimeAsync(1_000).then(() => 'nobody was answered'),
    ]);
    expect(answers).toMatchObject([bothOpen, bothOpen]);
    world.redis.publish(world.feed.remove(OTHER, 'ada'));
    await vi.advanceTimersByTimeAsync(100);
    const evicted = [...world.sockets].flatMap((socket) => socket.all('scope:gone').map(({ scope }) => scope));
    expect(evicted.sort()).toEqual([OTHER, OTHERS].sort());
  });

  test('a thread before its own list in one frame; a failed read leaves nothing behind', async () => {
    world.feed.fail('readPositions');
    await expect(frame([THREAD, LIST])).rejects.toThrow();
    expect(await world.measured('scope_entries')).toBe(0);
    expect(await frame([THREAD, LIST])).toMatchObject(bothOpen);
    expect(world.redis.calls.filter((call) => call === `subscribe ${LIST}`)).toHaveLength(2);
  });
});

describe('positions', () => {
  test('the ring answers first: Postgres is asked for what lies behind it only', async () => {
    await world.connect('ben').open();
    for (let n = 0; n < 5; n++) world.commit();
    await vi.advanceTimersByTimeAsync(10);
    const read = vi.spyOn(world.feed, 'readScopes');
    const answer = await world.connect('ada').open(LIST, { seq: 2, logEpoch: epoch() });
    expect(answer?.results).toMatchObject([
      { kind: 'changes', from: 3, to: 5, changes: [{ seq: 3 }, { seq: 4 }, { seq: 5 }] },
    ]);
    expect(read.mock.calls[0]?.[0]).toEqual([{ scope: LIST, after: { seq: 5, logEpoch: epoch() }, readers: ['ada'] }]);
  });

  test('a removed reader whose position the ring holds is told that there is nothing', async () => {
    await world.connect('ada').open();
    for (let n = 0; n < 3; n++) world.commit();
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await settle();
    const answer = await world.connect('ben').open(LIST, { seq: 1, logEpoch: epoch() });
    expect(answer?.results).toEqual([
      { scope: LIST, kind: 'error', error: expect.objectContaining({ code: 'not_found' }) },
    ]);
  });

  test('a position of another log, or beyond the head, gets a snapshot', async () => {
    world.commit();
    const ada = world.connect('ada');
    const other = '00000000-0000-4000-8000-000000000000';
    expect((await ada.open(LIST, { seq: 1, logEpoch: other }))?.results).toMatchObject([{ kind: 'snapshot', seq: 1 }]);
    expect((await ada.open(LIST, { seq: 9, logEpoch: epoch() }))?.results).toMatchObject([
      { kind: 'snapshot', seq: 1 },
    ]);
  });

  test('a pull answers the same and does not join', async () => {
    world.commit();
    const ada = world.connect('ada');
    let answer: unknown;
    await world.bus.gate.pull(
      ada.member.reader,
      { scope: LIST, after: { seq: 0, logEpoch: epoch() } },
      (data) => (answer = data),
    );
    expect(answer).toMatchObject({ kind: 'changes', from: 1, to: 1 });
    expect(ada.rooms.size).toBe(0);
  });

  test('a page that was read before a removal is read again', async () => {
    const [ada, ben] = [world.connect('ada'), world.connect('ben')];
    await ada.open();
    const held = world.feed.hold('readPage');
    let answer: unknown;
    const asking = world.bus.gate.page(ben.member.reader, LIST, 'next', (page) => (answer = page));
    const refused = expect(asking).rejects.toMatchObject({ code: 'not_found' });
    await held.taken;
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await vi.advanceTimersByTimeAsync(10);
    held.arrive();
    await refused;
    expect(answer).toBeUndefined();
  });

  test('each page reads the role again', async () => {
    const ben = world.connect('ben');
    const page = () => world.bus.gate.page(ben.member.reader, LIST, 'next', () => undefined);
    await page();
    world.feed.remove(LIST, 'ben');
    await expect(page()).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('an answer that passes a megabyte says later for the rest; the first is always answered', async () => {
  const scopes = Array.from({ length: 4 }, (_, n) => `list:${n}0000000-0000-4000-8000-000000000000` as const);
  for (const scope of scopes) {
    world.feed.make(scope, { ada: 'owner' });
    world.feed.commit(scope);
  }
  const read = world.feed.readScopes;
  world.feed.readScopes = async (asks) => {
    const answers = await read(asks);
    for (const answer of answers) {
      if (answer?.read.kind !== 'snapshot') continue;
      answer.read.entities = [{ type: 'task', id: 't', value: { notes: 'x'.repeat(600_000) } }];
    }
    return answers;
  };
  const ada = world.connect('ada');
  let kinds: string[] = [];
  await world.bus.gate.open(
    ada.member.reader,
    scopes.map((scope) => ({ scope })),
    ({ results }) => (kinds = results.map(({ kind }) => kind)),
  );
  expect(kinds).toEqual(['snapshot', 'later', 'later', 'later']);
  expect(ada.rooms.size).toBe(1);
});

test('nothing is kept of what was opened and closed, however often', async () => {
  const ada = world.connect('ada');
  for (let n = 0; n < 20; n++) {
    await ada.open();
    ada.member.reader.close(LIST);
    ada.member.reader.close(`list:${n}0000000-0000-4000-8000-000000000000`);
  }
  expect(ada.member.reader.opens.size).toBe(0);
});

test('a storm of opens reads through a few connections, and shares entry and subscription', async () => {
  let atOnce = 0;
  let most = 0;
  const read = world.feed.readScopes;
  world.feed.readScopes = async (...args) => {
    most = Math.max(most, ++atOnce);
    await settle();
    atOnce -= 1;
    return read(...args);
  };
  const sockets = Array.from({ length: 300 }, () => world.connect('ada'));
  await Promise.all(sockets.map((socket) => socket.open()));
  expect(most).toBeLessThanOrEqual(4);
  expect(world.redis.calls).toEqual([`subscribe ${LIST}`]);
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  for (const socket of sockets) expect(socket.seqs()).toEqual([1]);
});

test('Postgres away: the open says unavailable, holds nothing, and works again later', async () => {
  const ada = world.connect('ada');
  world.feed.fail('readPositions');
  await expect(ada.open()).rejects.toMatchObject({ code: 'unavailable' });
  world.feed.fail('readScopes');
  await expect(ada.open()).rejects.toMatchObject({ code: 'unavailable' });
  expect(world.redis.calls.at(-1)).toBe(`unsubscribe ${LIST}`);
  expect((await ada.open())?.results).toMatchObject([{ kind: 'snapshot' }]);
});
