import { show } from '../statistics.ts';

/** One line of docs/performance.md. */
export interface Figure {
  name: string;
  /** Ours against the peer's: the median of the slices' ratios. */
  ratio: number;
  /** What the ratio must be. */
  goal: { atMost: number } | { atLeast: number };
  isMet: boolean;
  ours: string;
  peer: string;
}

export function medianOf(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Pairs were measured right after one another, so that a slow minute hits both. */
export function figureOf(
  name: string,
  goal: Figure['goal'],
  pairs: { ours: number; peer: number }[],
  unit: string,
): Figure {
  const ratio = medianOf(pairs.map(({ ours, peer }) => ours / peer));
  return {
    name,
    ratio,
    goal,
    isMet: 'atMost' in goal ? ratio <= goal.atMost : ratio >= goal.atLeast,
    ours: show(medianOf(pairs.map(({ ours }) => ours)), unit),
    peer: show(medianOf(pairs.map(({ peer }) => peer)), unit),
  };
}
