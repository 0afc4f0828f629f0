/** A stretch that both have, or that one of them has alone. */
export interface Piece {
  text: string;
  is: 'both' | 'yours' | 'theirs';
}

/** Beyond this the table would be slow to fill: texts that differ so much are shown one after the other. */
const MOST_CELLS = 1_000_000;

const wordsOf = (text: string): string[] => text.match(/\s+|[^\s]+/gu) ?? [];

/** What two texts have in common, word by word, in reading order: what is yours stands before what is theirs. */
export function wordDiff(yours: string, theirs: string): Piece[] {
  const [a, b] = [wordsOf(yours), wordsOf(theirs)];
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1;
  let end = 0;
  while (end < a.length - from && end < b.length - from && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return inStretches([
    { text: a.slice(0, from).join(''), is: 'both' },
    ...between(a.slice(from, a.length - end), b.slice(from, b.length - end)),
    { text: a.slice(a.length - end).join(''), is: 'both' },
  ]);
}

/** Words that differ in a row are one stretch, with the spaces between them: marks word by word are hard to read. */
function inStretches(words: readonly Piece[]): Piece[] {
  const pieces: Piece[] = [];
  const own = { yours: '', theirs: '' };
  let [shared, isOpen] = ['', false];
  const close = (): void => {
    for (const is of ['yours', 'theirs'] as const) if (own[is] !== '') pieces.push({ text: own[is], is });
    if (shared !== '') pieces.push({ text: shared, is: 'both' });
    [own.yours, own.theirs, shared, isOpen] = ['', '', '', false];
  };
  for (const { text, is } of words.filter((word) => word.text !== '')) {
    if (is === 'both') {
      shared += text;
      continue;
    }
    if (isOpen && shared.trim() === '') {
      own.yours += shared;
      own.theirs += shared;
      shared = '';
    } else close();
    own[is] += text;
    isOpen = true;
  }
  close();
  return pieces;
}

/** The longest common run of words, by the usual table. */
function between(a: readonly string[], b: readonly string[]): Piece[] {
  const width = b.length + 1;
  if (a.length * b.length > MOST_CELLS || a.length === 0 || b.length === 0) {
    return [
      { text: a.join(''), is: 'yours' },
      { text: b.join(''), is: 'theirs' },
    ];
  }
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [right, below] = [table[i * width + j + 1] ?? 0, table[(i + 1) * width + j] ?? 0];
      table[i * width + j] = a[i] === b[j] ? (table[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(right, below);
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ text: a[i] ?? '', is: 'both' });
      i += 1;
      j += 1;
    } else if (
      j >= b.length ||
      (i < a.length && (table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0))
    ) {
      pieces.push({ text: a[i] ?? '', is: 'yours' });
      i += 1;
    } else {
      pieces.push({ text: b[j] ?? '', is: 'theirs' });
      j += 1;
    }
  }
  return pieces;
}
