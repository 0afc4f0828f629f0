import { expect, test } from 'vitest';
import type { RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Item } from '@muster/protocol/run';
import { RunFold } from './run-fold.ts';
import { RUN } from './test/memory-world.ts';

const first = `${RUN}:1`;
const text = (n: number, o: number, d: string, { a = 1, i = first } = {}): RunStreamEntry => ({
  n,
  a,
  e: 1,
  k: 'text',
  i,
  o,
  d,
});
const status = (
  n: number,
  s: 'running' | 'completed',
  { a = 1, rewind = undefined as { itemId: string; offset: number } | undefined } = {},
): RunStreamEntry => ({
  ...{ n, a, e: 1, k: 'status' },
  d: { status: s, ...(rewind ? { rewind } : {}) },
});
const message = (n: number, state: Item['state'] = 'done'): Item => ({
  ...{ id: `${RUN}:${n}`, n, kind: 'message', callId: null, state },
  body: { messageId: '55555555-5555-4555-8555-555555555555' },
});

function foldOf(...entries: RunStreamEntry[]): RunFold {
  const fold = new RunFold(RUN);
  for (const entry of entries) fold.apply(entry);
  return fold;
}

test('text is joined by offset: what repeats is cut', () => {
  const fold = foldOf(status(1, 'running'), text(2, 0, 'Hello'), text(3, 3, 'lo you'), text(4, 0, 'He'));
  expect(fold.answer()).toEqual({
    status: 'running',
    attempt: 1,
    items: [],
    current: { itemId: first, offset: 0, text: 'Hello you' },
  });
});

test('a viewer who has some of it gets the rest; one who claims more than there is gets all', () => {
  const fold = foldOf(text(1, 0, 'Hello you'));
  expect(fold.answer({ itemId: first, offset: 5 }).current).toEqual({ itemId: first, offset: 5, text: ' you' });
  expect(fold.answer({ itemId: first, offset: 50 }).current?.offset).toBe(0);
  expect(fold.answer({ itemId: `${RUN}:7`, offset: 5 }).current?.offset).toBe(0);
});

test('an item that ended has no current text, and its later chunks are ignored', () => {
  const fold = foldOf(text(1, 0, 'Hello'));
  expect(fold.apply({ n: 2, a: 1, e: 1, k: 'item', d: message(1) })).toHaveLength(1);
  expect(fold.answer().current).toBeNull();
  expect(fold.apply(text(3, 5, ' you'))).toEqual([]);
});

test('what the log holds is not asked of the stream: rows end an item too', () => {
  const fold = foldOf(text(1, 0, 'Hello'));
  fold.absorb({ status: 'running', attempt: 1, items: [message(1)] }, fold.n);
  expect(fold.answer()).toMatchObject({ items: [{ id: first, state: 'done' }], current: null });
  expect(fold.apply(text(2, 5, ' you'))).toEqual([]);
});

test('a frozen worker that comes back says nothing', () => {
  const fold = foldOf(
    text(1, 0, 'Hello'),
    status(2, 'running', { a: 2, rewind: { itemId: first, offset: 0 } }),
    text(3, 0, 'Hi', { a: 2 }),
  );
  expect(fold.apply(text(4, 5, ' you'))).toEqual([]);
  expect(fold.answer().current?.text).toBe('Hi');
});

test('a new attempt throws the unfinished item away, also where its status was lost', () => {
  const fold = foldOf(text(1, 0, 'Hello'), text(2, 5, ' you'));
  expect(fold.apply(text(3, 0, 'Hi', { a: 2 }))).toEqual([
    { event: 'run:status', data: { runId: RUN, status: 'running', attempt: 2, rewind: { itemId: first, offset: 0 } } },
    { event: 'run:chunk', data: { runId: RUN, attempt: 2, itemId: first, offset: 0, text: 'Hi' } },
  ]);
  expect(fold.answer().current?.text).toBe('Hi');
});

test('a rewind to the middle keeps what stands before it', () => {
  const fold = foldOf(text(1, 0, 'Hello you'), status(2, 'running', { a: 2, rewind: { itemId: first, offset: 5 } }));
  expect(fold.answer().current?.text).toBe('Hello');
});

test('rows that were read after the stream know the status better; what came since knows it best', () => {
  const fold = foldOf(status(1, 'running'));
  fold.absorb({ status: 'completed', attempt: 1, items: [] }, 1);
  expect(fold.answer().status).toBe('completed');

  const newer = foldOf(status(1, 'running'));
  newer.apply(status(2, 'completed'));
  newer.absorb({ status: 'running', attempt: 1, items: [] }, 1);
  expect(newer.answer().status).toBe('completed');
});

test('an item never opens again', () => {
  const fold = foldOf({ n: 1, a: 1, e: 1, k: 'item', d: message(1) });
  expect(fold.apply({ n: 2, a: 1, e: 1, k: 'item', d: message(1, 'open') })).toEqual([]);
  expect(fold.answer().items[0]?.state).toBe('done');
});

test('the log completes a text whose end the stream lost, before it ends the item', () => {
  const fold = foldOf(text(1, 0, 'Hello'));
  expect(fold.applyLogged({ item: message(1), text: 'Hello you' })).toEqual([
    { event: 'run:chunk', data: { runId: RUN, attempt: 1, itemId: first, offset: 5, text: ' you' } },
    { event: 'run:item', data: { runId: RUN, attempt: 1, item: message(1) } },
  ]);
  expect(fold.apply({ n: 2, a: 1, e: 1, k: 'item', d: message(1) })).toEqual([]);
});

test('the log replaces a text that is another than what was streamed', () => {
  const fold = foldOf(text(1, 0, 'Hello'));
  expect(fold.applyLogged({ item: message(1), text: 'Goodbye' }).map(({ event }) => event)).toEqual([
    'run:status',
    'run:chunk',
    'run:item',
  ]);
});

test('the log tells an end that the stream lost, and repeats none that it told', () => {
  const fold = foldOf(status(1, 'running'));
  expect(fold.applyLogged({ status: 'running', attempt: 1 })).toEqual([]);
  expect(fold.applyLogged({ status: 'completed', attempt: undefined })).toEqual([
    { event: 'run:status', data: { runId: RUN, status: 'completed', attempt: 1 } },
  ]);
  expect(fold.apply(status(2, 'completed'))).toEqual([]);
});
