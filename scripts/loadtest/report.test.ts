import { expect, test } from 'vitest';
import { SCENARIOS } from '@muster/loadtest/scenarios/scenarios';
import { writeFound } from './document.ts';
import { isKept, writeHtml, type LoadReport } from './report.ts';

const second = (at: number, delivery: number) => ({
  at: 1_795_291_497_000 + at * 1_000,
  values: { muster_delivery: { med: delivery, 'p(95)': 2 * delivery, 'p(99)': 3 * delivery } },
});

const report: LoadReport = {
  scenario: 'fanout',
  size: SCENARIOS.fanout.size,
  url: 'http://localhost:8080',
  beganAt: '2026-11-21T20:00:00.000Z',
  tookSeconds: 61,
  machine: { when: '', cpu: 'Some <CPU>', cores: 2, memory: '8 GiB', system: '', node: '', loadBefore: 0.4 },
  k6: 'k6 v1.8.1',
  verdicts: [{ promise: 'lost = 0 (0)', isKept: true }],
  figures: [{ name: 'delivery', value: '4 / 8 / 12 ms' }],
  incidents: [{ at: 12, line: 'Not working: redis.' }],
  warnings: [{ line: 'mutate: unavailable, <b>', times: 3 }],
  samples: [second(0, 4), second(1, 6), second(2, 5)],
  memory: [],
};

test('the page says all of it, draws it, and needs nothing from elsewhere', () => {
  const html = writeHtml(report);
  for (const text of [
    'Load test: fanout',
    'Every threshold held',
    'Not working: redis.',
    '4 / 8 / 12 ms',
    'k6 v1.8.1',
  ]) {
    expect(html).toContain(text);
  }
  expect(html.match(/<svg/g)).toHaveLength(1);
  expect(html).toContain('mutate: unavailable, &#60;b&#62;');
  expect(html).not.toMatch(/<script|<link|src=|@import|url\(/);
});

test('is kept only where it came to its end and every threshold held', () => {
  expect(isKept(report)).toBe(true);
  expect(isKept({ ...report, verdicts: [] })).toBe(false);
  expect(isKept({ ...report, verdicts: [...report.verdicts, { promise: 'x', isKept: false }] })).toBe(false);
  const failed = { ...report, failure: 'it was stopped' };
  expect(isKept(failed)).toBe(false);
  expect(writeHtml(failed)).toContain('Not finished: it was stopped.');
});

test('a row of the table is replaced by another run of the same size, and all else stays', () => {
  const marks = ['# Load\n\n<!-- found by npm run loadtest -- … --write -->', '<!-- /found -->\n\nAnd more.\n'];
  const first = writeFound(marks.join('\n\n'), [report]);
  expect(first).toContain('| `fanout` | 500 at once, 60 s, 10 a second |');
  expect(first).toContain('| all 1 |');
  const other = { ...report, size: { ...report.size, vus: 100 }, figures: [] };
  const again = { ...report, figures: [{ name: 'delivery', value: '1 / 2 / 3 ms' }] };
  const second = writeFound(first, [other, again]);
  expect(second.match(/\| `fanout` \|/g)).toHaveLength(2);
  expect(second).toContain('1 / 2 / 3 ms');
  expect(second).not.toContain('4 / 8 / 12 ms');
  expect(second.startsWith('# Load\n')).toBe(true);
  expect(second.endsWith('And more.\n')).toBe(true);
  expect(() => writeFound('# Load', [report])).toThrow('docs/load.md has no');
});
