import type { Stores } from './product/stores.ts';

/** What every part is given. */
export interface MeasureContext {
  stores: Stores;
  isQuick: boolean;
  /** A line of progress. */
  say(line: string): void;
}
