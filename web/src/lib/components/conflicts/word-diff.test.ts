import { describe, expect, test } from 'vitest';
import { wordDiff, type Piece } from './word-diff.ts';

const text = (pieces: Piece[], not: Piece['is']): string =>
  pieces
    .filter(({ is }) => is !== not)
    .map((piece) => piece.text)
    .join('');

describe('differences are told word by word', () => {
  test.each<[string, string, string]>([
    ['the red boat', 'the blue boat', 'the [red|blue] boat'],
    ['one', 'one', 'one'],
    ['', 'all new', '[|all new]'],
    ['all gone', '', '[all gone|]'],
    ['call Ada at nine', 'call Ada tomorrow at nine', 'call Ada [|tomorrow ]at nine'],
    ['a b c d', 'a c d e', 'a [b |]c d[| e]'],
    ['for eight in the evening', 'for nine by the pier', 'for [eight in|nine by] the [evening|pier]'],
  ])('%j → %j', (yours, theirs, expected) => {
    let said = '';
    let open: { yours: string; theirs: string } | undefined;
    const close = (): void => {
      if (open) said += `[${open.yours}|${open.theirs}]`;
      open = undefined;
    };
    for (const { is, text: piece } of wordDiff(yours, theirs)) {
      if (is === 'both') {
        close();
        said += piece;
      } else (open ??= { yours: '', theirs: '' })[is] += piece;
    }
    close();
    expect(said).toBe(expected);
  });

  test('both texts can be read out of it, whatever they are', () => {
    const pool = ['a', 'b', 'c ', '\n', 'ä', '  ', '🙂', ''];
    for (let seed = 1; seed <= 300; seed += 1) {
      const draw = (n: number): string =>
        Array.from({ length: n % 23 }, (_, at) => pool[(seed * 31 + at * at * 7 + n) % pool.length]).join('');
      const [yours, theirs] = [draw(seed), draw(seed * 3 + 1)];
      const pieces = wordDiff(yours, theirs);
      expect([text(pieces, 'theirs'), text(pieces, 'yours')]).toEqual([yours, theirs]);
    }
  });

  test('texts too long to compare are shown one after the other', () => {
    const long = (word: string): string => Array.from({ length: 2_000 }, (_, n) => `${word}${n}`).join(' ');
    expect(wordDiff(long('a'), long('b')).map(({ is }) => is)).toEqual(['yours', 'theirs']);
  });
});
