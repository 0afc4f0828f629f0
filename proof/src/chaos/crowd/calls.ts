import type { Violation } from '../../oracles/violation.ts';
import type { ScopeImage } from '../../oracles/scope-image.ts';
import type { Waiting } from '../../oracles/in-time.ts';
import type { SeatPlan } from './cast.ts';
import type { SeatState } from './seat.ts';

/** What a crowd process can be asked for: one argument, one answer, both as plain data. */
export interface CrowdCalls {
  /** Seats take their places and connect. */
  enter(given: {
    url: string;
    history: string;
    seed: number;
    seats: (SeatPlan & { userId: string; token: string })[];
  }): void;
  /** Begins to act; each seat about once in so many milliseconds. */
  act(given: { everyMs: number }): void;
  rest(): void;
  /** A steward's own command. @returns its nonce */
  mutate(given: { seat: string; name: string; args: unknown }): string;
  reload(given: { seat: string; isCrash: boolean }): void;
  states(): SeatState[];
  /** Who reads the words of which run right now. */
  reading(): { userId: string; runId: string }[];
  /**
   * Compares what every seat holds, on its disk and to the eye, with what the server holds.
   * @param given images by scope, and who may see which list
   */
  compare(given: { images: Record<string, ScopeImage>; lists: Record<string, string[]> }): Promise<Violation[]>;
  /** Begins to count beats for those who wait for a number of a scope, or (seq null) to be told that it is gone. */
  await(given: { scope: string; seq: number | null; userId?: string }): void;
  waiting(): Waiting[];
  /** Writes all that is known to the history. */
  flush(): void;
  /** Plants a fault: of each packet of a scope the seat is shown all but what it says. */
  plantDeafness(given: { seat: string; scope: string }): void;
  leave(): Promise<void>;
}
export type CrowdCall = keyof CrowdCalls;

export interface Question {
  id: number;
  name: CrowdCall;
  argument: unknown;
}
export type Reply = { id: number; value: unknown } | { id: number; fault: string };
