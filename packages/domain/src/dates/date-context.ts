import type { Due } from '@muster/protocol/due';

/** A date that was found in a text. `start` and `end` are UTF-16 offsets, end exclusive. */
export interface FoundDate {
  start: number;
  end: number;
  due: Due;
}

/** Who writes, and when: dates are read in their zone. */
export interface DateContext {
  /** Milliseconds since 1970. */
  now: number;
  /** IANA zone of the reader. */
  zone: string;
  /** 0 (Sunday) to 6: what "next week" begins with. */
  weekStart: number;
  /** Whether 3/4 is the third of April. */
  isDayFirst: boolean;
}
export type FindDates = (text: string, context: DateContext) => FoundDate[];
