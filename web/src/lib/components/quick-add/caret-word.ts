import type { QuickAddToken } from '#lib/quick-add/types.ts';

/** The word at the caret that asks for a completion: `@gr|` or `#tra|`. */
export interface CaretWord {
  marker: '@' | '#';
  query: string;
  /** Where the marker stands. */
  start: number;
}

/** Undefined where the caret is in no such word. A query may hold one space, for names of two words. */
export function caretWord(text: string, caret: number): CaretWord | undefined {
  const match = /(?:^|\s)([@#])((?:[\p{L}\p{N}\p{M}_./-]+ ?)?[\p{L}\p{N}\p{M}_./-]*)$/u.exec(text.slice(0, caret));
  if (!match) return undefined;
  const [, marker = '@', query = ''] = match;
  return { marker: marker as '@' | '#', query, start: caret - query.length - 1 };
}

/** Those whose name, or a word of it, begins with the query; then those that hold it. */
export function completions<T extends { name: string }>(query: string, named: readonly T[], most = 6): T[] {
  const wanted = query.toLowerCase().trim();
  const rank = ({ name }: T): number => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.split(/\s+/u).some((word) => word.startsWith(wanted)) ? 1 : lower.includes(wanted) ? 2 : 3;
  };
  return named
    .map((item) => ({ item, at: rank(item) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at)
    .slice(0, most)
    .map(({ item }) => item);
}

export interface Completion {
  key: string;
  text: string;
}

/** What to offer for the word at the caret; nothing where it is clear already what is meant. */
export function completionsAt(
  word: CaretWord,
  caret: number,
  tokens: readonly QuickAddToken[],
  members: readonly { id: string; name: string }[],
  labels: readonly { id: string; name: string }[],
): Completion[] {
  // A space behind it says that the word is whole.
  if (/\s$/u.test(word.query)) return [];
  // Who is meant is clear already: Enter adds the task.
  if (tokens.some((token) => token.kind === 'assignee' && token.start === word.start && token.end === caret)) return [];
  const found = completions(word.query, word.marker === '@' ? members : labels);
  const isWhole = found.length === 1 && found[0]?.name.toLowerCase() === word.query.toLowerCase();
  return isWhole ? [] : found.map(({ id, name }) => ({ key: id, text: name }));
}
