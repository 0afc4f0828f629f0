import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseOptions, UsageError } from './options.ts';

test('without arguments: two of each, port 8080, .data', () => {
  expect(parseOptions([])).toEqual({ port: 8080, gateways: 2, workers: 2, data: resolve('.data') });
});

test('all can be given, in both spellings', () => {
  expect(parseOptions(['--port=0', '--gateways', '3', '--workers', '1', '--data', '/tmp/x'])).toEqual({
    port: 0,
    gateways: 3,
    workers: 1,
    data: '/tmp/x',
  });
});

test('--help', () => {
  expect(parseOptions(['--help'])).toBe('help');
});

test.each([
  [['--port', '99999'], '--port should be a whole number from 0 to 65535 (it is "99999").'],
  [['--port', 'http'], '--port should be a whole number from 0 to 65535 (it is "http").'],
  [['--port=1.5'], '--port should be a whole number from 0 to 65535 (it is "1.5").'],
  [['--gateways', '0'], '--gateways should be a whole number from 1 to 16 (it is "0").'],
  [['--workers', '17'], '--workers should be a whole number from 1 to 16 (it is "17").'],
  [['--data', ' '], '--data should be a folder (it is empty).'],
])('%j is answered by one line', (argv, line) => {
  expect(() => parseOptions(argv)).toThrow(new UsageError(line));
});

test.each([[['--ports', '1']], [['8080']], [['--port']]])('%j is refused in one line', (argv) => {
  expect(() => parseOptions(argv)).toThrow(/^[^\n]+ There are --port, --gateways, --workers and --data\.$/);
});
