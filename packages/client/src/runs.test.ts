import { messageIdOf, runIdOf } from '@muster/domain/run-ids';
import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import type { RunWatchAnswer } from '@muster/protocol/run';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_B } from '../test/fake-server.ts';
import { ADA, LIST, setUp, settled, uuid, type Setup } from '../test/setup.ts';
import type { MusterClient, RunHandle } from './types.ts';

const RUN = runIdOf(uuid(71));
const item = (n: number) => `${RUN}:${n}`;

let world: Setup;
let ada: MusterClient;
let handle: RunHandle;
let watches: { after?: unknown }[];
let answer: RunWatchAnswer;

beforeEach(async () => {
  world = setUp();
  watches = [];
  answer = { status: 'running', attempt: 1, items: [], current: null };
  world.server.intercept = (frame) => {
    if (frame.event !== 'run:watch') return false;
    watches.push(frame.data);
    frame.answer({ ok: true, data: answer });
    return true;
  };
  ada = world.client();
  await ada.start();
  await settled();
  handle = ada.watchRun(RUN);
  await handle.ready;
});
afterEach(() => world.stop());

const only = () => [...world.server.connections][0]!;
const chunk = (offset: number, text: string, n = 1, attempt = 1) =>
  only().emit('run:chunk', { runId: RUN, attempt, itemId: item(n), offset, text });
const news = (n: number, kind: string, state: string, body: object, attempt = 1) =>
  only().emit('run:item', {
    runId: RUN,
    attempt,
    item: { id: item(n), n, kind, callId: kind === 'message' ? null : `c${n}`, body, state },
  });
const status = (to: string, attempt: number, rewind?: object) =>
  only().emit('run:status', { runId: RUN, status: to, attempt, ...(rewind ? { rewind } : {}) });
const text = () => handle.view?.current?.text;

describe('text', () => {
  it('appends what follows, cuts what overlaps, and ignores what was seen', () => {
    chunk(0, 'Hello');
    chunk(5, ' wor');
    chunk(3, 'lo wor');
    chunk(7, 'orld');
    chunk(0, 'Hello');
    expect(text()).toBe('Hello world');
    expect(watches).toHaveLength(1);
  });

  it('is told within a frame, also where the clock was set back meanwhile', async () => {
    let told = 0;
    handle.subscribe(() => (told += 1));
    chunk(0, 'Hello');
    await world.clock.advance(100);
    expect(told).toBe(1);
    world.clock.sleep(-60_000);
    chunk(5, ' world');
    await world.clock.advance(100);
    expect(told).toBe(2);
  });

  it('counts UTF-16 units', () => {
    chunk(0, '🍎');
    chunk(2, '🍐');
    expect(text()).toBe('🍎🍐');
  });

  it('with a hole is asked for again from where it stands, and what came meanwhile is not lost', async () => {
    chunk(0, 'abc');
    answer = { ...answer, current: { itemId: item(1), offset: 3, text: 'defgh' } };
    chunk(8, 'ij');
    chunk(10, 'kl');
    await settled();
    expect(watches[1]).toEqual({ runId: RUN, after: { itemId: item(1), offset: 3 } });
    expect(text()).toBe('abcdefgh');
    chunk(8, 'ij');
    chunk(10, 'kl');
    expect(text()).toBe('abcdefghijkl');
  });

  it('of a viewer that comes late, or comes back, is whole', async () => {
    chunk(0, 'abc');
    answer = { ...answer, current: { itemId: item(1), offset: 3, text: 'def' } };
    only().cut();
    await world.clock.advance(1_000);
    expect(watches.at(-1)).toEqual({ runId: RUN, after: { itemId: item(1), offset: 3 } });
    expect(text()).toBe('abcdef');
    chunk(6, 'g');
    expect(text()).toBe('abcdefg');
  });

  it('stays where another gateway has heard less of it, or nothing yet', async () => {
    chunk(0, 'abcdef');
    for (const current of [{ itemId: item(1), offset: 0, text: 'abc' }, null]) {
      answer = { ...answer, current };
      only().cut();
      await world.clock.advance(5_000);
      expect(text()).toBe('abcdef');
    }
    expect(watches).toHaveLength(3);
    chunk(0, 'abc');
    chunk(3, 'defg');
    expect(text()).toBe('abcdefg');
  });

  it('stays where another gateway still holds the item before it', async () => {
    chunk(0, 'Done.', 2);
    answer = { ...answer, current: { itemId: item(1), offset: 0, text: 'I will' } };
    only().cut();
    await world.clock.advance(1_000);
    expect(handle.view?.current).toEqual({ itemId: item(2), text: 'Done.' });
  });

  it('stays where another gateway still holds the attempt before it', async () => {
    status('running', 2, { itemId: item(1), offset: 0 });
    chunk(0, 'new', 1, 2);
    answer = { ...answer, current: { itemId: item(1), offset: 0, text: 'old words' } };
    only().cut();
    await world.clock.advance(1_000);
    expect(handle.view).toMatchObject({ attempt: 2, current: { text: 'new' }, wasInterrupted: false });
    status('running', 2, { itemId: item(1), offset: 0 });
    chunk(0, 'new words', 1, 2);
    expect(text()).toBe('new words');
  });

  it('gives way to the words of a server that was restored, whose attempts count anew', async () => {
    status('running', 2, { itemId: item(1), offset: 0 });
    chunk(0, 'abcdef', 1, 2);
    world.server.logEpoch = EPOCH_B;
    world.server.hello(only());
    await settled();
    // The gateway has left all runs: they are watched again, and as a whole.
    expect(watches).toEqual([{ runId: RUN }, { runId: RUN }]);
    expect(text()).toBeUndefined();
    chunk(0, 'ab');
    chunk(2, 'xyz');
    expect(handle.view).toMatchObject({ attempt: 1, current: { text: 'abxyz' } });
  });

  it('goes where the run has ended without it', async () => {
    chunk(0, '  ');
    answer = { ...answer, status: 'stopped' };
    only().cut();
    await world.clock.advance(1_000);
    expect(handle.view).toMatchObject({ status: 'stopped', current: null });
  });

  it('that does not fit where it says is asked for as a whole', async () => {
    chunk(0, 'abc');
    world.server.intercept = (frame) => {
      if (frame.event !== 'run:watch') return false;
      const { after } = watches[watches.push(frame.data) - 1]!;
      const current = after ? { offset: 9, text: 'zzz' } : { offset: 0, text: 'abcdefghizzz' };
      frame.answer({ ok: true, data: { ...answer, current: { itemId: item(1), ...current } } });
      return true;
    };
    only().cut();
    await world.clock.advance(1_000);
    expect(watches.at(-1)).toEqual({ runId: RUN });
    expect(text()).toBe('abcdefghizzz');
  });

  it('of an earlier attempt is a zombie’s', () => {
    status('running', 2);
    chunk(0, 'new', 1, 2);
    chunk(3, 'old', 1, 1);
    expect(text()).toBe('new');
  });

  it('stays on the page until the thread holds its message, and then is read from there', async () => {
    const thread = uuid(70);
    world.server.act(ADA, 'thread.create', { id: thread, listId: LIST });
    await ada.open(scopeOf('thread', thread)).ready;
    chunk(0, 'Done.');
    news(1, 'message', 'done', { messageId: messageIdOf(RUN, 1) });
    chunk(5, ' Late', 1);
    expect(text()).toBe('Done.');
    const value = {
      role: 'assistant',
      authorId: ADA,
      parts: [{ type: 'text', text: 'Done.' }],
      text: 'Done.',
      parentId: null,
      runId: RUN,
      fileIds: [],
      createdAt: 1,
    };
    const effect = { op: 'put' as const, type: 'message', id: messageIdOf(RUN, 1), value };
    world.server.log({ effects: [{ scope: scopeOf('thread', thread), effect }] }, ADA);
    await settled();
    expect(text()).toBeUndefined();
    expect(ada.get('message', messageIdOf(RUN, 1))?.value.text).toBe('Done.');
  });
});

describe('a new attempt', () => {
  it('throws away the unfinished item, and says that the run was interrupted', () => {
    chunk(0, 'Half a sen');
    status('running', 2, { itemId: item(1), offset: 0 });
    expect(handle.view).toMatchObject({ attempt: 2, current: null, wasInterrupted: true });
    chunk(0, 'Anew', 1, 2);
    expect(text()).toBe('Anew');
  });

  it('after an approval throws nothing away', () => {
    news(1, 'approval', 'open', { decision: null, by: null });
    status('awaiting_approval', 1);
    status('running', 2);
    expect(handle.view).toMatchObject({ attempt: 2, wasInterrupted: false, status: 'running' });
  });

  it('that was missed is seen on the way back', async () => {
    chunk(0, 'Half a sen');
    answer = { status: 'running', attempt: 2, items: [], current: { itemId: item(1), offset: 0, text: 'An' } };
    only().cut();
    await world.clock.advance(1_000);
    expect(handle.view).toMatchObject({ attempt: 2, current: { text: 'An' }, wasInterrupted: true });
  });

  it('that was missed, and has ended the item, leaves no word of the attempt before it', async () => {
    chunk(0, 'Half a sen');
    const ended = { id: item(1), n: 1, kind: 'message', callId: null, body: { messageId: uuid(72) }, state: 'done' };
    answer = { status: 'completed', attempt: 2, items: [ended as RunWatchAnswer['items'][number]], current: null };
    only().cut();
    await world.clock.advance(1_000);
    expect(handle.view).toMatchObject({ attempt: 2, current: null });
  });
});

describe('items', () => {
  it('begin, change and end, in their order', () => {
    news(2, 'tool_result', 'done', { text: 'ok', touched: [] });
    news(1, 'tool_call', 'open', { name: 'add_tasks', args: { titles: ['a'] } });
    news(1, 'tool_call', 'done', { name: 'add_tasks', args: { titles: ['a'] } });
    expect(handle.view?.items.map(({ n, kind, state }) => [n, kind, state])).toEqual([
      [1, 'tool_call', 'done'],
      [2, 'tool_result', 'done'],
    ]);
  });
});

describe('a watch', () => {
  it('is shared, told at most once a frame, and left with the last handle', async () => {
    const views: (string | undefined)[] = [];
    const second = ada.watchRun(RUN);
    second.subscribe((view) => views.push(view.current?.text));
    await world.clock.advance(20);
    views.length = 0;
    chunk(0, 'a');
    chunk(1, 'b');
    chunk(2, 'c');
    await world.clock.advance(20);
    expect(views).toEqual(['abc']);
    expect(watches).toHaveLength(1);
    handle.close();
    second.close();
    await settled();
    expect(only().frames.filter(({ event }) => event === 'run:unwatch')).toHaveLength(1);
    chunk(3, 'd');
    expect(text()).toBe('abc');
  });

  it('of a run that its message will make waits for the server to have it', async () => {
    const [thread, message] = [uuid(70), uuid(72)];
    const held: (() => void)[] = [];
    const { intercept } = world.server;
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return intercept(frame, connection);
      held.push(() => world.server.handle(frame, connection));
      return true;
    };
    ada.mutate('thread.create', { id: thread, listId: LIST });
    const talk = ada.open(scopeOf('thread', thread));
    ada.mutate('message.send', { id: message, threadId: thread, text: 'Hello' });
    const early = ada.watchRun(runIdOf(message));
    await settled();
    expect(watches).toHaveLength(1);
    for (const go of held.splice(0)) go();
    await Promise.all([early.ready, talk.ready]);
    expect(early.view?.status).toBe('running');
  });

  it('that is refused says so, and asks anew where it is watched anew', async () => {
    const { intercept } = world.server;
    world.server.intercept = (frame) => {
      if (frame.event !== 'run:watch') return false;
      frame.answer({ ok: false, error: new MusterError('not_found', 'There is no such run.').toWire() });
      return true;
    };
    const other = ada.watchRun(uuid(99));
    await expect(other.ready).rejects.toMatchObject({ code: 'not_found' });
    world.server.intercept = intercept;
    await ada.watchRun(uuid(99)).ready;
  });
});

describe('stopping and deciding', () => {
  it('answers with the status, throws the server’s error, and never waits for a connection', async () => {
    world.server.intercept = (frame) => {
      if (frame.event === 'run:stop') frame.answer({ ok: true, data: { status: 'stopped' } });
      else if (frame.event === 'run:decide')
        frame.answer({ ok: false, error: new MusterError('forbidden', 'No.').toWire() });
      else return false;
      return true;
    };
    expect(await ada.stopRun(RUN)).toEqual({ status: 'stopped' });
    await expect(ada.decideRun(RUN, 'c1', true)).rejects.toMatchObject({ code: 'forbidden' });
    only().cut();
    await expect(ada.stopRun(RUN)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
