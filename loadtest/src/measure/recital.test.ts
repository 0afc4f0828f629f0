import { expect, test } from 'vitest';
import { faultOfRecital, RunText, saidAt } from './recital.ts';

const chunk = (offset: number, text: string, attempt = 1, itemId = 'r:0') => ({
  runId: 'r',
  attempt,
  itemId,
  offset,
  text,
});

test('words of a recital are counted by what they say', () => {
  expect(faultOfRecital('0:aa🎈 1:ab 2:ac', 3)).toBeUndefined();
  expect(faultOfRecital('0:aa 2:ac 1:ab', 3)).toBe('word 1 is "2:ac"');
  expect(faultOfRecital('0:aa 1:ab', 3)).toBe('2 words instead of 3');
  expect(faultOfRecital('', 1)).toBe('0 words instead of 1');
});

test('the oldest whole word of a piece says how old it is', () => {
  const at = 1_795_291_496_106;
  expect(saidAt(` 4:${at.toString(36)} 5:${(at + 50).toString(36)}`)).toBe(at);
  expect(saidAt('🎈')).toBeUndefined();
});

test('pieces are put together by the rules of the wire', () => {
  const text = new RunText();
  text.begin('r:0');
  expect(text.heard(chunk(0, 'ab'))).toEqual({ is: 'new', text: 'ab' });
  expect(text.heard(chunk(1, 'bcd'))).toEqual({ is: 'new', text: 'cd' });
  expect(text.heard(chunk(0, 'ab'))).toEqual({ is: 'old' });
  expect(text.heard(chunk(6, 'x'))).toEqual({ is: 'gap' });
  expect(text.text).toBe('abcd');
  expect(text.position).toEqual({ itemId: 'r:0', offset: 4 });
});

test('a watch again goes on from where one stands', () => {
  const text = new RunText();
  text.heard(chunk(0, 'abcd'));
  const answer = { status: 'running', attempt: 1, items: [] };
  expect(text.watched({ ...answer, current: { itemId: 'r:0', offset: 4, text: 'ef' } })).toBe('ef');
  expect(text.text).toBe('abcdef');
  expect(text.watched({ ...answer, current: { itemId: 'r:0', offset: 0, text: 'abcdefg' } })).toBe('g');
  expect(text.watched({ ...answer, current: null })).toBe('');
  expect(text.text).toBe('abcdefg');
});

test('a new attempt throws the unfinished words away, and an old one is not heard any more', () => {
  const text = new RunText();
  text.heard(chunk(0, 'abcd'));
  text.changed({ runId: 'r', status: 'running', attempt: 2, rewind: { itemId: 'r:0', offset: 0 } });
  expect(text.text).toBe('');
  expect(text.heard(chunk(0, 'old', 1))).toEqual({ is: 'old' });
  expect(text.heard(chunk(0, 'new', 2))).toEqual({ is: 'new', text: 'new' });
  expect(text.text).toBe('new');
});

test('an answer that goes on from words of an earlier attempt is asked for again', () => {
  const text = new RunText();
  text.heard(chunk(0, 'abcd'));
  const answer = { status: 'running', attempt: 2, items: [] };
  expect(text.watched({ ...answer, current: { itemId: 'r:0', offset: 4, text: 'gh' } })).toBeUndefined();
  expect(text.position).toBeUndefined();
  expect(text.watched({ ...answer, current: { itemId: 'r:0', offset: 0, text: 'efgh' } })).toBe('efgh');
  expect(text.text).toBe('efgh');
  expect(text.heard(chunk(4, 'i', 3))).toEqual({ is: 'gap' });
});
