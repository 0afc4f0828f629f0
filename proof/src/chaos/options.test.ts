import { expect, it } from 'vitest';
import { parseOptions } from './options.ts';

it('has a default for everything', () => {
  expect(parseOptions([])).toEqual({
    ...{ minutes: 2, clients: 200, rounds: 1, seed: undefined, acts: 20, isBrief: false, logs: undefined },
    ...{ isKept: false, isWritten: false },
  });
});

it('takes what it is given', () => {
  const given = ['--minutes', '0.5', '--clients', '40', '--rounds', '3', '--seed', '7', '--brief', '--logs', '/x'];
  expect(parseOptions(given)).toMatchObject({
    minutes: 0.5,
    clients: 40,
    rounds: 3,
    seed: 7,
    isBrief: true,
    logs: '/x',
  });
});

it.each([
  [['--minutes', 'two'], /--minutes should be a number/],
  [['--clients', '1.5'], /--clients should be a whole number/],
  [['--rounds', '0'], /--rounds/],
  [['--what'], /--what/],
])('says what is wrong with %j', (args, words) => {
  expect(() => parseOptions(args)).toThrow(words);
});
