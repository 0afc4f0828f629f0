import type { Figure } from '../commit/figures.ts';

/** A line of a table in docs/performance.md. */
export interface Row {
  name: string;
  measured: string;
  /** What it is held against: a peer, or itself undisturbed. */
  against?: string;
  ratio?: number;
  /** In words; left out where nothing was promised. */
  goal?: string;
  isMet?: boolean;
}

/** What one part came to. */
export interface Result {
  rows: Row[];
  /** Sentences that belong below the table. */
  notes?: string[];
}

export function rowOfFigure({ name, ours, peer, ratio, goal, isMet }: Figure): Row {
  const words = 'atMost' in goal ? `at most ${goal.atMost} ×` : `at least ${goal.atLeast} ×`;
  return { name, measured: ours, against: peer, ratio, goal: words, isMet };
}
