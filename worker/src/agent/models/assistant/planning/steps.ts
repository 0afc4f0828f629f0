import { contentWords } from '../reading/phrases.ts';
import type { Outline } from './outline.ts';
import { OUTLINES_OF_HOME } from './outlines-of-home.ts';
import { OUTLINES_OF_WORK } from './outlines-of-work.ts';

const OUTLINES = [...OUTLINES_OF_HOME, ...OUTLINES_OF_WORK];

const ANYTHING = [
  'Write down what should be there in the end',
  'List what is needed',
  'Agree who does what, and by when',
  'Begin with the smallest part',
  'Look at how it goes',
  'Finish, and tell everyone',
];

/** Sensible steps for something that is planned: an outline of its kind, or one that fits anything. Never fewer than five. */
export function stepsFor(phrase: string): string[] {
  const words = new Set(contentWords(phrase));
  const score = (outline: Outline) => contentWords(outline.words).filter((word) => words.has(word)).length;
  const best = OUTLINES.reduce((one, other) => (score(other) > score(one) ? other : one));
  return [...(score(best) > 0 ? best.steps : ANYTHING)];
}
