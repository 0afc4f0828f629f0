import { expect, test } from 'vitest';
import { writeDocument, type Measured } from './document.ts';
import { rowOfFigure } from './row.ts';

const measured = (parts: Measured['parts']): Measured => ({
  machine: {
    ...{ when: '2026-01-02 03:04 UTC', cpu: 'A CPU', cores: 2, memory: '8 GiB', system: 'Linux 6', node: '24.1.0' },
    loadBefore: 0.2,
  },
  versions: { Postgres: '18.4' },
  tookSeconds: 290,
  parts,
});

test('a goal that is met says so', () => {
  const rows = [{ name: 'p50', measured: '4 ms', against: '3 ms', ratio: 1.3333, goal: 'below 10 ms', isMet: true }];
  const text = writeDocument(measured([{ part: 'delivery', outcome: { rows, notes: ['None missing.'] } }]));
  expect(text).toContain('1 of 1 goals are met.\n\n## How');
  expect(text).toContain('| p50 | 4 ms | 3 ms | 1.33 × | below 10 ms | yes |');
  expect(text).toContain('None missing.');
  expect(text).toContain('2 cores (A CPU)');
  expect(text).not.toContain('other work');
});

test('a miss stands at the top, with its value', () => {
  const goal = { atMost: 1.3 };
  const row = rowOfFigure({ name: 'one writer', ratio: 1.5, goal, isMet: false, ours: '3 ms', peer: '2 ms' });
  const late = { name: 'p99', measured: '60 ms', goal: 'below 50 ms', ratio: 9, isMet: false };
  const text = writeDocument(measured([{ part: 'commit', outcome: { rows: [row, late] } }]));
  expect(text).toContain('0 of 2 goals are met.\n\n- missed: one writer: 1.50 × (at most 1.3 ×)\n- missed: p99: 60 ms');
  expect(text).toContain('| one writer | 3 ms | 2 ms | 1.50 × | at most 1.3 × | **no** |');
});

test('what nothing was promised of counts as no goal, and needs no columns for one', () => {
  const rows = [{ name: 'one writer', measured: '3 ms', against: '2 ms', ratio: 1.5 }];
  const text = writeDocument(measured([{ part: 'socket', outcome: { rows } }]));
  expect(text).toContain('0 of 0 goals');
  expect(text).toContain('| one writer | 3 ms | 2 ms | 1.50 × |\n');
});

test('a part that failed is named, and why', () => {
  const text = writeDocument(measured([{ part: 'commit', outcome: { failure: 'pgbench is not installed' } }]));
  expect(text).toContain('- not measured: A change is stored');
  expect(text).toContain('Not measured: pgbench is not installed');
});

test('a machine that was busy is called busy', () => {
  const busy = measured([]);
  busy.machine.loadBefore = 7;
  expect(writeDocument(busy)).toContain('**other work took its share of the 2 cores**');
});

test('parts that were not measured this time keep their sections, with the day of each', () => {
  const row = (measured: string, isMet: boolean) => ({ name: 'p50', measured, goal: 'below 10 ms', isMet });
  const first = writeDocument(
    measured([
      { part: 'delivery', outcome: { rows: [row('40 ms', false)], notes: ['Of that day.'] } },
      { part: 'commit', outcome: { rows: [row('4 ms', true)] } },
    ]),
  );
  const later = measured([{ part: 'commit', outcome: { rows: [row('50 ms', false), row('5 ms', true)] } }]);
  later.machine.when = '2026-02-03 04:05 UTC';
  const text = writeDocument(later, first);
  expect(text).toContain('1 of 3 goals are met.\n\n- missed: p50: 40 ms (below 10 ms)\n- missed: p50: 50 ms');
  expect(text).toContain('Of that day.\n\nMeasured 2026-01-02 03:04 UTC');
  expect(text).toContain('Measured 2026-02-03 04:05 UTC');
  expect(text).not.toContain('4 ms | below 10 ms | yes');
  expect(text.indexOf('## A change reaches')).toBeLessThan(text.indexOf('## A change is stored'));
  // Written of itself, nothing is lost.
  expect(writeDocument({ ...later, parts: [] }, text).split('## A change')).toHaveLength(3);
});
