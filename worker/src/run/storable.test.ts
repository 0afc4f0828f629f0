import { expect, it } from 'vitest';
import { storable } from './storable.ts';

const HALF = '\ud83d';

it('keeps what can be stored as it is, and every length', () => {
  const text = 'Grüße 👋🏽\n\t东京';
  expect(storable(text)).toBe(text);
  const broken = `a\0b${HALF}c👋`;
  expect(storable(broken)).toBe('a\ufffdb\ufffdc👋');
  expect(storable(broken)).toHaveLength(broken.length);
});

it('finds text however deep it lies, names too', () => {
  const args = { list: null, done: true, n: 1.5, tasks: [{ title: 'x\0', [`k${HALF}`]: [HALF] }] };
  expect(storable(args)).toEqual({
    list: null,
    done: true,
    n: 1.5,
    tasks: [{ title: 'x\ufffd', 'k\ufffd': ['\ufffd'] }],
  });
  const plain = storable(JSON.parse('{"__proto__": {"a": 1}}') as Record<string, unknown>);
  expect(Object.keys(plain)).toEqual(['__proto__']);
});
