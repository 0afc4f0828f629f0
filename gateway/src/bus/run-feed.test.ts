import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Item } from '@muster/protocol/run';
import type { RunGoneReason } from './bus-types.ts';
import { LIST, MemoryWorld, RUN, settle, THREAD, type MemorySocket } from './test/memory-world.ts';

const ITEM = `${RUN}:1`;
const WORDS = 'The quick brown fox jumps over the lazy dog'.split(/(?<= )/);
const TEXT = WORDS.join('');
const MESSAGE = '55555555-5555-4555-8555-555555555555';
const item: Item = { id: ITEM, n: 1, kind: 'message', callId: null, body: { messageId: MESSAGE }, state: 'done' };

let world: MemoryWorld;
let n: number;
let offset: number;
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  world.feed.make(THREAD, {}, LIST);
  world.feed.runs.set(RUN, { scope: THREAD, status: 'running', attempt: 1, items: [] });
  await world.bus.start();
  n = 0;
  offset = 0;
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
});

const epoch = () => world.feed.acls.get(LIST)!.epoch;
function say(word: string, { isHeard = true, a = 1 } = {}): RunStreamEntry {
  const entry: RunStreamEntry = { n: ++n, a, e: epoch(), k: 'text', i: ITEM, o: offset, d: word };
  offset += word.length;
  world.redis.append(RUN, entry, { isHeard });
  return entry;
}
/** The item's end: first in the log, then in the stream. */
function end({ isHeard = true } = {}): void {
  const run = world.feed.runs.get(RUN)!;
  run.items.push(item);
  const { id, ...value } = item;
  const packet = world.feed.commit(THREAD, [
    { op: 'put', type: 'message', id: MESSAGE, value: { text: TEXT } },
    { op: 'put', type: 'run_item', id, value: { runId: RUN, ...value } },
  ]);
  if (isHeard) world.redis.publish(packet);
  world.redis.append(RUN, { n: ++n, a: 1, e: epoch(), k: 'item', d: item }, { isHeard });
}
async function watchAs(userId: string): Promise<{ socket: MemorySocket; read: () => string }> {
  const socket = world.connect(userId);
  const answer = await socket.watch();
  return {
    socket,
    read: () => {
      const { text, again } = socket.text(answer, ITEM);
      expect(again).toBe(false);
      return text;
    },
  };
}

describe('a text join is exact', () => {
  test.each([0, 1, 4, WORDS.length])('for who comes after %i words', async (after) => {
    for (const word of WORDS.slice(0, after)) say(word);
    const ada = await watchAs('ada');
    for (const word of WORDS.slice(after)) say(word);
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.read()).toBe(TEXT);
  });

  test.each([0, 3, 6])('although word %i was not heard', async (lost) => {
    const ada = await watchAs('ada');
    WORDS.forEach((word, index) => say(word, { isHeard: index !== lost }));
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.read()).toBe(TEXT);
  });

  test('although the subscriber was away for the last words: its return reads the stream', async () => {
    const ada = await watchAs('ada');
    WORDS.forEach((word, index) => say(word, { isHeard: index < 4 }));
    world.redis.listeners[0]!.listener.onReady();
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.read()).toBe(TEXT);
  });

  test('although an entry was heard twice, or late', async () => {
    const ada = await watchAs('ada');
    const [first, second] = [say(WORDS[0]!), say(WORDS[1]!)];
    world.redis.tell(RUN, first);
    for (const word of WORDS.slice(2)) say(word);
    world.redis.tell(RUN, second);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ada.read()).toBe(TEXT);
  });

  test('although Redis lost the stream, and counts from one again', async () => {
    const ada = await watchAs('ada');
    for (const word of WORDS.slice(0, 5)) say(word);
    await vi.advanceTimersByTimeAsync(10);
    world.redis.streams.clear();
    n = 0;
    for (const word of WORDS.slice(5)) say(word);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ada.read()).toBe(TEXT);
  });

  test('although the stream and its messages are lost: the log has the words', async () => {
    const ada = await watchAs('ada');
    for (const word of WORDS.slice(0, 5)) say(word);
    await vi.advanceTimersByTimeAsync(10);
    world.redis.streams.clear();
    world.redis.isUp = false;
    for (const word of WORDS.slice(5)) say(word);
    end();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ada.read()).toBe(TEXT);
    expect(ada.socket.all('run:item').at(-1)?.item.state).toBe('done');
  });
});

describe('the watch', () => {
  test('an item that ends while it is asked for is in the answer: the stream is read first, the rows second', async () => {
    for (const word of WORDS) say(word);
    const rows = [world.feed.hold('findRun'), world.feed.hold('findRun')];
    const ada = world.connect('ada');
    const watching = ada.watch();
    await rows[0]!.taken;
    rows[0]!.arrive();
    await vi.advanceTimersByTimeAsync(1);
    // The stream was read. Had the rows been read before it, this end would be in neither.
    await rows[1]!.taken;
    rows[1]!.arrive();
    const before = await watching;
    expect(before?.current?.text).toBe(TEXT);

    end({ isHeard: false });
    const ben = world.connect('ben');
    const after = await ben.watch();
    expect(after).toMatchObject({ items: [{ id: ITEM, state: 'done' }], current: null });
  });

  test('an item that ended between the two reads is answered from the rows, its stream being gone', async () => {
    for (const word of WORDS.slice(0, 3)) say(word);
    const ada = world.connect('ada');
    const first = world.feed.hold('findRun');
    const watching = ada.watch();
    await first.taken;
    end({ isHeard: false });
    world.redis.streams.clear();
    first.arrive();
    expect(await watching).toMatchObject({ items: [{ id: ITEM, state: 'done' }], current: null });
  });

  test('strangers learn nothing, and leave nothing behind', async () => {
    const eve = world.connect('eve');
    await expect(eve.watch()).rejects.toMatchObject({ code: 'not_found' });
    await expect(eve.watch('99999999-9999-4999-8999-999999999999')).rejects.toMatchObject({ code: 'not_found' });
    expect(world.redis.calls).toEqual([]);
  });

  test('one that was removed between read and join is read again, and refused', async () => {
    const ben = world.connect('ben');
    await world.connect('ada').open(THREAD);
    const rows = [world.feed.hold('findRun'), world.feed.hold('findRun')];
    const watching = ben.watch();
    await rows[0]!.taken;
    rows[0]!.arrive();
    await rows[1]!.taken;
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await settle();
    rows[1]!.arrive();
    await expect(watching).rejects.toMatchObject({ code: 'not_found' });
    expect(ben.rooms.size).toBe(0);
  });

  test('a watch that was taken back meanwhile joins nothing; the last one unsubscribes', async () => {
    const ada = world.connect('ada');
    const held = world.feed.hold('findRun');
    const watching = ada.watch();
    await held.taken;
    ada.member.runs.unwatch(RUN);
    held.arrive();
    await watching;
    expect(ada.rooms.size).toBe(0);
    expect(world.redis.listeners[0]!.runs.size).toBe(0);
    expect(world.redis.listeners[0]!.scopes.size).toBe(0);
  });

  test('watching twice is watching once', async () => {
    const ada = world.connect('ada');
    await ada.watch();
    await ada.watch();
    ada.member.runs.unwatch(RUN);
    expect(ada.rooms.size).toBe(0);
    expect(world.redis.listeners[0]!.runs.size).toBe(0);
  });
});

describe('access', () => {
  test('a token of a higher epoch reads the members first: the removed reader gets none of it', async () => {
    const [ada, ben] = [await watchAs('ada'), await watchAs('ben')];
    say(WORDS[0]!);
    await vi.advanceTimersByTimeAsync(10);
    // Neither the list's nor the thread's packet tells of it: only the token's epoch does.
    world.feed.remove(LIST, 'ben');
    for (const word of WORDS.slice(1)) say(word);
    await vi.advanceTimersByTimeAsync(10);
    expect(ada.read()).toBe(TEXT);
    expect(ben.read()).toBe(WORDS[0]);
    expect(ben.socket.all('scope:gone')).toEqual([{ scope: THREAD, reason: 'removed' }]);
  });

  test("the list's packet evicts who watches a run and has opened nothing", async () => {
    const ben = await watchAs('ben');
    world.redis.publish(world.feed.remove(LIST, 'ben'));
    await settle();
    for (const word of WORDS) say(word);
    await vi.advanceTimersByTimeAsync(10);
    expect(ben.read()).toBe('');
    expect(ben.socket.rooms.size).toBe(0);
  });

  test('while the members cannot be read, no token is told', async () => {
    const ada = await watchAs('ada');
    world.feed.fail('readMembers', 4);
    world.feed.add(LIST, 'eve');
    for (const word of WORDS) say(word);
    await vi.advanceTimersByTimeAsync(100);
    expect(ada.read()).toBe('');
    await vi.advanceTimersByTimeAsync(500);
    expect(ada.read()).toBe(TEXT);
  });
});

describe('readers over SSE', () => {
  const listen = () => {
    const heard: string[] = [];
    const gone: RunGoneReason[] = [];
    const watcher = {
      userId: 'ben',
      sessionId: 'session-ben',
      onChunk: ({ text }: { text: string }) => void heard.push(text),
      onItem: () => void heard.push('|item|'),
      onStatus: () => void heard.push('|status|'),
      onGone: (reason: RunGoneReason) => void gone.push(reason),
    };
    return { watcher, heard, gone };
  };

  test('hear what sockets hear, behind the answer', async () => {
    world.feed.sessions.add('session-ben');
    const { watcher, heard } = listen();
    say(WORDS[0]!);
    const { answer } = await world.bus.watchRun(watcher, RUN);
    for (const word of WORDS.slice(1)) say(word);
    end();
    await vi.advanceTimersByTimeAsync(10);
    expect(answer.current?.text).toBe(WORDS[0]);
    expect(heard).toEqual([...WORDS.slice(1), '|item|']);
  });

  test.each<[RunGoneReason, () => void]>([
    ['removed', () => world.redis.publish(world.feed.remove(LIST, 'ben'))],
    ['session', () => world.bus.closeSession('session-ben')],
    ['session', () => world.feed.sessions.clear()],
    ['reset', () => void (world.feed.logEpoch = '00000000-0000-4000-8000-000000000000')],
    ['drain', () => world.bus.drain()],
  ])('are let go: %s', async (reason, happen) => {
    world.feed.sessions.add('session-ben');
    const { watcher, heard, gone } = listen();
    const { close } = await world.bus.watchRun(watcher, RUN);
    await vi.advanceTimersByTimeAsync(10);
    happen();
    await vi.advanceTimersByTimeAsync(4_000);
    for (const word of WORDS) say(word);
    await vi.advanceTimersByTimeAsync(10);
    expect(gone).toEqual([reason]);
    expect(heard).toEqual([]);
    close();
    expect(world.redis.listeners[0]!.runs.size).toBe(0);
  });
});
