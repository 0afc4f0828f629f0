import { expect, test } from 'vitest';
import { PARTS, parseOptions } from './options.ts';

test('without arguments all is measured', () => {
  expect(parseOptions([])).toEqual({ parts: PARTS, isQuick: false });
});

test.each([[['--only', 'commit']], [['--only=commit']], [['--only', 'commit', '--only', 'commit']]])(
  'one part: %j',
  (args) => {
    expect(parseOptions(args)).toEqual({ parts: ['commit'], isQuick: false });
  },
);

test('several parts go in their own order', () => {
  expect(parseOptions(['--only', 'commit,delivery', '--quick'])).toEqual({
    parts: ['delivery', 'commit'],
    isQuick: true,
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
