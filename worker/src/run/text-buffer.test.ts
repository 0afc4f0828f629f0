import { expect, it } from 'vitest';
import { createTextBuffer } from './text-buffer.ts';

it('hands out what waits once it was sent, with its offset in UTF-16 units', () => {
  const buffer = createTextBuffer();
  buffer.push('Grüße ');
  const first = buffer.peek(false);
  expect(first).toEqual({ offset: 0, text: 'Grüße ' });
  buffer.push('👋');
  if (first) buffer.sent(first);
  expect(buffer.peek(false)).toEqual({ offset: 6, text: '👋' });
  expect(buffer.text).toBe('Grüße 👋');
});

it('keeps what could not be sent', () => {
  const buffer = createTextBuffer();
  buffer.push('a');
  buffer.peek(false);
  buffer.push('b');
  expect(buffer.peek(false)).toEqual({ offset: 0, text: 'ab' });
});

it('never cuts a surrogate pair, and lets half a pair go only at the end, as it is stored', () => {
  const [high, low] = '👋'.split('') as [string, string];
  const buffer = createTextBuffer();
  buffer.push(`a${high}`);
  const first = buffer.peek(false);
  expect(first).toEqual({ offset: 0, text: 'a' });
  if (first) buffer.sent(first);
  expect(buffer.peek(false)).toBeUndefined();
  expect(buffer.peek(true)).toEqual({ offset: 1, text: '\ufffd' });
  buffer.push(low);
  expect(buffer.peek(false)).toEqual({ offset: 1, text: '👋' });
});

it('begins anew after the stream was lost', () => {
  const buffer = createTextBuffer();
  buffer.push('abc');
  const chunk = buffer.peek(false);
  if (chunk) buffer.sent(chunk);
  buffer.rewind();
  expect(buffer.peek(false)).toEqual({ offset: 0, text: 'abc' });
});
