import { resolve } from 'node:path';
import { SCENARIO_NAMES, SCENARIOS } from '@muster/loadtest/scenarios/scenarios';
import { expect, test } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions, USAGE, type LoadtestOptions } from './options.ts';

const parse = (...argv: string[]) => parseOptions(argv) as LoadtestOptions;

test('a scenario runs at its own size, and at another where one is given', () => {
  expect(parse('chats')).toMatchObject({
    loads: [{ scenario: 'chats', size: SCENARIOS.chats.size }],
    url: undefined,
    data: resolve('.data'),
    isStarted: false,
    isWritten: false,
    isCounted: false,
  });
  expect(parse('chats', '--vus', '1000', '--viewers=1').loads).toEqual([
    { scenario: 'chats', size: { ...SCENARIOS.chats.size, vus: 1000, viewers: 1 } },
  ]);
});

test('all is each scenario, and a thousand answers', () => {
  const { loads, isWritten, isStarted } = parse('all', '--start', '--write');
  expect(new Set(loads.map(({ scenario }) => scenario))).toEqual(new Set(SCENARIO_NAMES));
  expect(loads).toContainEqual({ scenario: 'chats', size: { ...SCENARIOS.chats.size, vus: 1000, viewers: 1 } });
  expect([isWritten, isStarted]).toEqual([true, true]);
});

test('every scenario has its program, and help names it', () => {
  for (const name of SCENARIO_NAMES) {
    expect(existsSync(join(import.meta.dirname, '..', '..', 'loadtest', 'src', 'scenarios', `${name}.ts`))).toBe(true);
    expect(USAGE).toContain(`  ${name} `);
  }
  expect(parseOptions(['--help'])).toBe('help');
});

test.each([
  [[], /^Which scenario\? There are smoke, .*all\.$/],
  [['smok'], /^There is no scenario "smok": smoke, fanout, .*, all\.$/],
  [['smoke', 'storm'], /^One scenario at a time: what is "storm"\?$/],
  [['chats', '--vus', 'many'], /^--vus should be a whole number from 1 to 10000 \(it is "many"\)\.$/],
  [['chats', '--vus', '0'], /^--vus should be/],
  [['chats', '--vus', '1.5'], /^--vus should be/],
  [['chats', '--seconds', '1'], /^--seconds should be a whole number from 5/],
  [['chats', '--viewers', '1000'], /^--viewers should be/],
  [['chats', '--rate', '-1'], /--rate/],
  [['chats', '--users', '3'], /^Unknown option '--users'.*--help/],
  [['chats', '--url', 'localhost:8080'], /^--url should be an address such as/],
  [['smoke', '--start', '--url', 'http://localhost:1'], /^--start starts a product of its own/],
])('%j is told in one line', (argv, line) => {
  const fault = (() => {
    try {
      return parse(...argv);
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(fault).toMatch(line);
  expect(fault).not.toContain('\n');
});
