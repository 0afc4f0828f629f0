import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { summaryOf, withSummary, type RoundFigures } from './figures.ts';

const DOCUMENT = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'chaos.md'), 'utf8');
const on = new Date('2026-11-22T10:00:00Z');
const round = (seed: number, broken: RoundFigures['broken'] = []): RoundFigures => ({
  ...{ seed, seconds: 154.4, faults: 47, shownMs: 7.4, toldMs: 106, broken },
  judged: {
    ...{ changes: 4_126, heard: 233_540, answers: 2_908, snapshots: 2_844, removals: 25, runs: 188, removedReading: 2 },
    ...{ ends: { completed: 188 }, consents: 3, words: 32_440 },
  },
});

it('says of each round how it went and how much was judged', () => {
  const lines = summaryOf({ clients: 200, minutes: 2, on, rounds: [round(7), round(8)] });
  expect(lines[0]).toBe(
    '2 rounds in a row until 2026-11-22, 200 clients and a storm of 2 min each: every promise was kept in all of them.',
  );
  expect(lines.at(-1)).toBe(
    '| 8 | kept | 154 | 47 | 4,126 | 233,540 | 2,908 | 25 | 2 | 188 | 3 | 32,440 | 7 ms | 106 ms |',
  );
});

it('hides no round that broke a promise', () => {
  const rounds = [round(7), round(8, ['P1 once', 'P1 once', 'runs end'])];
  const lines = summaryOf({ clients: 40, minutes: 1 / 3, on, rounds });
  expect(lines[0]).toContain('a storm of 20 s each: 1 of them kept every promise.');
  expect(lines.at(-1)).toContain('| 8 | broken: P1 once, runs end |');
});

it('takes the place of the summary before in the document, and of nothing else', () => {
  const once = withSummary(DOCUMENT, ['Round one.']);
  const twice = withSummary(once, ['Round two.']);
  expect(once).toContain('\nRound one.\n');
  expect(twice).not.toContain('\nRound one.\n');
  expect(twice.replace('Round two.', 'Round one.')).toBe(once);
  expect(once.split('\n').filter((line) => DOCUMENT.includes(line)).length).toBeGreaterThan(50);
  expect(() => withSummary('Nothing here', ['Round one.'])).toThrow('no place');
});
