import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Item } from '@muster/protocol/run';
import { silentLogger } from '@muster/runtime/logger';
import { describe, expect, test, vi } from 'vitest';
import type { Identity } from '../auth/identity-types.ts';
import type { ApiContext } from './api-context.ts';
import type { Context } from './context.ts';
import { createTeller, readLastEventId, streamRun } from './run-stream.ts';

const RUN = '0193b3c4-0000-7000-8000-000000000001';
const item = (n: number, state: Item['state'], kind: Item['kind'] = 'message'): Item => ({
  id: `${RUN}:${n}`,
  n,
  kind,
  callId: null,
  body: kind === 'message' ? { messageId: `message-${n}` } : { name: 'add_tasks', args: {} },
  state,
});

function play(after?: string, texts: Record<string, string> = {}) {
  const sent: [event: string, data: { offset?: number; text?: string }, id?: string][] = [];
  const teller = createTeller({
    runId: RUN,
    after: readLastEventId(after ?? ''),
    send: (event, data, id) => void sent.push(id === undefined ? [event, data as object] : [event, data as object, id]),
    readText: async (messageId) => texts[messageId],
  });
  const chunk = (n: number, offset: number, text: string) =>
    teller.tellChunk({ runId: RUN, attempt: 1, itemId: `${RUN}:${n}`, offset, text });
  const told = () =>
    sent.filter(([event]) => event === 'run:chunk').map(([, { offset, text }, id]) => [offset, text, id]);
  return { sent, teller, chunk, told };
}

describe('a reader of an event stream', () => {
  test('gets every character once, with where it then stands', () => {
    const { chunk, told } = play();
    chunk(1, 0, 'Hello');
    chunk(1, 3, 'lo wor');
    chunk(1, 0, 'Hel');
    chunk(1, 9, 'ld');
    expect(told()).toEqual([
      [0, 'Hello', `${RUN}:1:5`],
      [5, ' wor', `${RUN}:1:9`],
      [9, 'ld', `${RUN}:1:11`],
    ]);
  });

  test('gets nothing behind a hole: what ends the item fills it', async () => {
    const { chunk, teller, told } = play(undefined, { 'message-1': 'Hello world' });
    chunk(1, 0, 'Hel');
    chunk(1, 6, 'world');
    await teller.tellItem({ runId: RUN, attempt: 1, item: item(1, 'done') });
    expect(told().map(([, text]) => text)).toEqual(['Hel', 'lo world']);
  });

  test('goes on where it was', async () => {
    const { teller, told, sent } = play(`${RUN}:2:4`, { 'message-1': 'first', 'message-2': 'Second' });
    await teller.tellItem({ runId: RUN, attempt: 1, item: item(1, 'done') });
    await teller.tellItem({ runId: RUN, attempt: 1, item: item(2, 'done') });
    expect(told()).toEqual([[4, 'nd', `${RUN}:2:6`]]);
    expect(sent).toHaveLength(2);
  });

  test('hears a new attempt write its words again', () => {
    const { chunk, teller, told } = play();
    chunk(1, 0, 'Old words');
    teller.tellStatus({ runId: RUN, status: 'running', attempt: 2, rewind: { itemId: `${RUN}:1`, offset: 0 } });
    chunk(1, 0, 'New');
    expect(told().map(([, text]) => text)).toEqual(['Old words', 'New']);
  });

  test('hears of tools as items', async () => {
    const { teller, sent } = play();
    await teller.tellItem({ runId: RUN, attempt: 1, item: item(1, 'open', 'tool_call') });
    expect(sent).toEqual([['run:item', { runId: RUN, attempt: 1, item: item(1, 'open', 'tool_call') }]]);
  });
});

describe('a reader who goes away while the run is looked up', () => {
  test.each([
    ['continue', []],
    ['stop', ['run.stop']],
  ] as const)('is forgotten; %s', async (onDisconnect, submitted) => {
    const names: string[] = [];
    const onClose = vi.fn();
    const response = Object.assign(new PassThrough(), { flushHeaders: () => undefined });
    const api = {
      logger: silentLogger(),
      bus: {
        watchRun: async () => {
          response.destroy();
          await once(response, 'close');
          return { answer: { status: 'running', attempt: 1, items: [], current: null }, close: onClose };
        },
      },
      submit: async (_: unknown, commands: { name: string }[]) => void names.push(...commands.map(({ name }) => name)),
    } as unknown as ApiContext;
    const ctx = {
      get: () => '',
      set: () => undefined,
      res: response,
      req: { socket: { setNoDelay: () => undefined } },
    };
    const streaming = streamRun(api, {
      ctx: ctx as unknown as Context,
      identity: { userId: 'ada', sessionId: 'session' } as Identity,
      ...{ threadId: 'thread', runId: RUN, onDisconnect },
    });
    expect(await Promise.race([streaming.then(() => 'over'), delay(500, 'it waits')])).toBe('over');
    expect(names).toEqual(submitted);
    expect(onClose).toHaveBeenCalledOnce();
  });
});

test.each(['', 'x', 'x:1', `${RUN}:1`, `${RUN}:1:`, `${RUN}:1:-1`, `${RUN}:1:99999999999`])(
  '%s is no position',
  (header) => {
    expect(readLastEventId(header)).toBeUndefined();
  },
);
