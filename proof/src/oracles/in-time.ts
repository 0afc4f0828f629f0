import { violation, type Violation } from './violation.ts';

/**
 * Time is counted in the server's own beats (`scope:heads`, every 3 s), since a slow machine slows both: what was
 * committed before a beat is repaired by the next one at the latest, and one more is for a beat that was under way.
 */
export const BEATS = 3;

/** Somebody who waits for a change, or to be told that a scope is gone. */
export interface Waiting {
  seat: string;
  scope: string;
  /** Beats heard since it was committed. */
  beats: number;
  hasCome: boolean;
}

/** P3: shown in time. */
export const checkShown = (waiting: Waiting[]): Violation[] =>
  late(waiting).map(({ seat, scope, beats }) =>
    violation('P3 staleness', `a change was not shown after ${beats} beats`, { seat, scope }),
  );

/** P4: told in time. */
export const checkTold = (waiting: Waiting[]): Violation[] =>
  late(waiting).map(({ seat, scope, beats }) =>
    violation('P4 told', `the removed member was not told after ${beats} beats`, { seat, scope }),
  );

const late = (waiting: Waiting[]) => waiting.filter(({ hasCome, beats }) => !hasCome && beats >= BEATS);
