import type { Effect, WireEntity } from '../muster/wire-types.ts';

/** What an author writes into a title: whose it is, its number, when it was sent, and whether it is the last. */
export interface Mark {
  author: number;
  n: number;
  sentAt: number;
  isLast: boolean;
}

const MARK = /^~ (\d+) (\d+) (\d+)( end)?$/;

export const writeMark = ({ author, n, sentAt, isLast }: Mark): string =>
  `~ ${author} ${n} ${sentAt}${isLast ? ' end' : ''}`;

export function readMark(title: unknown): Mark | undefined {
  const found = typeof title === 'string' ? MARK.exec(title) : null;
  if (found === null) return undefined;
  return { author: Number(found[1]), n: Number(found[2]), sentAt: Number(found[3]), isLast: found[4] !== undefined };
}

/** The marks of one change, in order. */
export function marksOf(effects: readonly Effect[]): Mark[] {
  return effects.flatMap(({ type, value, fields }) => {
    const mark = type === 'task' ? readMark((value ?? fields)?.['title']) : undefined;
    return mark === undefined ? [] : [mark];
  });
}

interface Seen {
  last: number;
  missing: Set<number>;
  /** How many there are, once the author said so. */
  total?: number;
}

/**
 * What one reader of one list saw of what each author wrote there. Every author counts 1, 2, 3 …, so that what is
 * missing, comes twice or comes too late is known without asking anyone.
 */
export class MarkBook {
  doubled = 0;
  outOfOrder = 0;
  readonly #authors = new Map<number, Seen>();

  /** A snapshot shows how far each author has come: what led there was not told, and need not be. */
  seed(entities: readonly WireEntity[]): void {
    for (const { type, value } of entities) {
      const mark = type === 'task' ? readMark(value['title']) : undefined;
      if (mark === undefined) continue;
      const seen = this.#of(mark.author);
      if (mark.n > seen.last) seen.last = mark.n;
      for (const n of seen.missing) if (n <= mark.n) seen.missing.delete(n);
      if (mark.isLast) seen.total = mark.n;
    }
  }

  /** @returns whether it was new */
  see({ author, n, isLast }: Mark): boolean {
    const seen = this.#of(author);
    if (isLast) seen.total = n;
    if (n > seen.last) {
      for (let missing = seen.last + 1; missing < n; missing++) seen.missing.add(missing);
      seen.last = n;
      return true;
    }
    if (seen.missing.delete(n)) {
      this.outOfOrder += 1;
      return true;
    }
    this.doubled += 1;
    return false;
  }

  /** Whether all these authors have said that they are done. */
  isComplete(authors: readonly number[]): boolean {
    return authors.every((author) => this.#authors.get(author)?.total !== undefined);
  }

  /** How many marks never came; an author whose last one is missing too counts at least one. */
  countLost(authors: readonly number[]): number {
    return authors.reduce((sum, author) => {
      const { last, missing, total } = this.#of(author);
      return sum + missing.size + (total === undefined ? 1 : total - last);
    }, 0);
  }

  /** Of a reader who leaves before the authors are done: only holes. */
  countHoles(): number {
    return [...this.#authors.values()].reduce((sum, { missing }) => sum + missing.size, 0);
  }

  #of(author: number): Seen {
    let seen = this.#authors.get(author);
    if (seen === undefined) this.#authors.set(author, (seen = { last: 0, missing: new Set() }));
    return seen;
  }
}
