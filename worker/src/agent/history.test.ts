import type { ItemWithText, ThreadMessage } from '@muster/db/repositories/run-work.repository';
import { expect, it } from 'vitest';
import { HISTORY, toModelInput } from './history.ts';

const asked = (n: number, text: string, authorId = 'ada'): ThreadMessage => ({
  id: `m${n}`,
  role: 'user',
  authorId,
  authorName: authorId === 'ada' ? 'Ada' : 'Grace',
  text,
  runId: `r${n}`,
});
const item = (run: number, n: number, more: Partial<ItemWithText>): ItemWithText => ({
  id: `r${run}:${n}`,
  runId: `r${run}`,
  n,
  kind: 'message',
  callId: null,
  body: { messageId: 'x' },
  state: 'done',
  text: null,
  ...more,
});
const words = (run: number, n: number, text: string): ItemWithText => item(run, n, { text });
const called = (run: number, n: number, callId: string): ItemWithText =>
  item(run, n, { kind: 'tool_call', callId, body: { name: 'list_tasks', args: { list: null } } });
const result = (run: number, n: number, callId: string, text: string): ItemWithText =>
  item(run, n, { kind: 'tool_result', callId, body: { text, touched: [] } });

const inputOf = (messages: ThreadMessage[], items: ItemWithText[]) =>
  toModelInput({
    asked: messages,
    answered: items.filter((item) => item.runId !== messages.at(-1)?.runId),
    own: items.filter((item) => item.runId === messages.at(-1)?.runId),
    askerId: 'ada',
  });
const kinds = (messages: ThreadMessage[], items: ItemWithText[]): unknown[] =>
  inputOf(messages, items).map((entry) => entry.type ?? (entry as { role: string }).role);

it('puts each call before its result, and goes on where this run stands', () => {
  const items = [words(2, 2, 'Let me see.'), called(2, 0, 'a'), result(2, 1, 'a', '{}'), words(1, 0, 'Hello.')];
  expect(kinds([asked(1, 'Hi'), asked(2, 'What is there?')], items)).toEqual([
    'user',
    'message',
    'user',
    'function_call',
    'function_call_result',
    'message',
  ]);
});

it('leaves out a call that never got a result: providers refuse half a pair', () => {
  expect(kinds([asked(1, 'Hi'), asked(2, 'Again')], [called(1, 0, 'a')])).toEqual(['user', 'user']);
});

it('says who speaks, except for whoever asks now', () => {
  const input = inputOf([asked(1, 'Hi', 'grace'), asked(2, 'Hello')], []);
  expect(input.map((entry) => (entry as { content: string }).content)).toEqual(['Grace says: Hi', 'Hello']);
});

it('is bounded: the oldest turns go first, the message to answer never', () => {
  const long = 'x'.repeat(HISTORY.units / 3);
  const messages = [
    asked(1, long),
    asked(2, long),
    asked(3, long),
    asked(4, long),
    asked(5, 'y'.repeat(HISTORY.units * 2)),
  ];
  const input = inputOf(messages, []);
  expect(input).toHaveLength(3);
  expect((input.at(-1) as { content: string }).content.startsWith('yyy')).toBe(true);
});

it('shortens old results, not those of this run, and keeps them JSON', () => {
  const big = JSON.stringify({ tasks: 'z'.repeat(10_000) });
  const items = [called(1, 0, 'a'), result(1, 1, 'a', big), called(2, 0, 'b'), result(2, 1, 'b', big)];
  const results = inputOf([asked(1, 'Hi'), asked(2, 'Again')], items).flatMap((entry) =>
    entry.type === 'function_call_result' ? (entry.output as { text: string }).text : [],
  );
  expect(results.map((text) => text.length < 4_000)).toEqual([true, false]);
  expect(JSON.parse(results[0] ?? '')).toHaveProperty('cut');
});
