import { describe, expect, it } from 'vitest';
import type { Item } from '@muster/protocol/run';
import { runParts, wordsOf } from './run-parts.ts';

const message = (n: number, state: Item['state'] = 'done'): Item => ({
  id: `r:${n}`,
  n,
  kind: 'message',
  callId: null,
  body: { messageId: `m${n}` },
  state,
});
const call = (n: number, callId: string): Item => ({
  id: `r:${n}`,
  n,
  kind: 'tool_call',
  callId,
  body: { name: 'add_tasks', args: { a: 1 } },
  state: 'done',
});
const result = (n: number, callId: string): Item => ({
  id: `r:${n}`,
  n,
  kind: 'tool_result',
  callId,
  body: { text: '{}', touched: [{ scope: 'list:x', type: 'task', id: 't' }] },
  state: 'done',
});
const source = { current: null, messageText: () => undefined, lastText: () => undefined, isRunning: true };

describe('a run, laid out', () => {
  it('puts each result into its call’s card, in the order of the items', () => {
    const parts = runParts({
      ...source,
      items: [result(2, 'c'), message(3), call(1, 'c'), message(0)],
      messageText: (id) => `text ${id}`,
    });
    expect(parts).toEqual([
      { kind: 'words', key: 'r:0', text: 'text m0', isWriting: false },
      {
        kind: 'call',
        key: 'r:1',
        name: 'add_tasks',
        args: { a: 1 },
        result: '{}',
        touched: [{ scope: 'list:x', type: 'task', id: 't' }],
      },
      { kind: 'words', key: 'r:3', text: 'text m3', isWriting: false },
    ]);
    expect(wordsOf(parts)).toBe('text m0\ntext m3');
  });

  it('writes where the words are being written, item or not', () => {
    const current = { itemId: 'r:0', text: 'Hel' };
    expect(runParts({ ...source, items: [], current })).toEqual([
      { kind: 'words', key: 'r:0', text: 'Hel', isWriting: true },
    ]);
    expect(runParts({ ...source, items: [message(0, 'open')], current })).toEqual([
      { kind: 'words', key: 'r:0', text: 'Hel', isWriting: true },
    ]);
    expect(runParts({ ...source, items: [], current, isRunning: false })).toMatchObject([{ isWriting: false }]);
  });

  it('keeps the words on the page between the stream’s end and the stored message', () => {
    const parts = runParts({ ...source, items: [message(0)], lastText: (id) => (id === 'r:0' ? 'Hello' : undefined) });
    expect(parts).toEqual([{ kind: 'words', key: 'r:0', text: 'Hello', isWriting: false }]);
  });

  it('shows a call that has no result yet', () => {
    expect(runParts({ ...source, items: [call(0, 'c')] })).toMatchObject([
      { kind: 'call', result: undefined, touched: [] },
    ]);
  });
});
