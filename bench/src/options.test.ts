import { expect, test } from 'vitest';
import { PARTS, parseOptions } from './options.ts';

test('without arguments all is measured', () => {
  expect(parseOptions([])).toEqual({ parts: PARTS, isQuick: false, isWritten: true });
});

test.each([[['--only', 'commit']], [['--only=commit']], [['--only', 'commit', '--only', 'commit']]])(
  'one part: %j',
  (args) => {
    expect(parseOptions(args)).toEqual({ parts: ['commit'], isQuick: false, isWritten: false });
  },
);

test('a part alone is written where that is asked for, a quick look never', () => {
  expect(parseOptions(['--only', 'commit', '--write'])).toMatchObject({ isWritten: true });
  expect(parseOptions(['--only', 'commit', '--write', '--quick'])).toMatchObject({ isWritten: false });
});

test('several parts go in their own order', () => {
  expect(parseOptions(['--only', 'commit,delivery', '--quick'])).toEqual({
    parts: ['delivery', 'commit'],
    isQuick: true,
    isWritten: false,
  });
});

test.each([
  [['--only'], /needs a name/],
  [['--only='], /needs a name/],
  [['--only', 'everything'], /no part "everything"/],
  [['--fast'], /no option "--fast"/],
  [['--quick=yes'], /no option "--quick=yes"/],
  [['commit'], /no option "commit"/],
])('%j is refused', (args, words) => {
  expect(() => parseOptions(args)).toThrow(words);
});
