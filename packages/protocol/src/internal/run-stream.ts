import * as z from 'zod/mini';
import { item, runStatus, textPosition } from '../run.ts';

/**
 * One flush of a run, as an entry of its Redis stream and as the message that wakes watching gateways. `n` counts 1, 2,
 * 3 … in the stream (its entry id is `<n>-0`), so that a gateway sees a gap and fills it with XRANGE. `a` attempt, `e` aclEpoch.
 */
export const runStreamEntry = z.discriminatedUnion('k', [
  z.object({ n: z.int(), a: z.int(), e: z.int(), k: z.literal('text'), i: z.string(), o: z.int(), d: z.string() }),
  z.object({ n: z.int(), a: z.int(), e: z.int(), k: z.literal('item'), d: item }),
  z.object({
    n: z.int(),
    a: z.int(),
    e: z.int(),
    k: z.literal('status'),
    d: z.object({ status: runStatus, rewind: z.optional(textPosition) }),
  }),
]);
export type RunStreamEntry = z.infer<typeof runStreamEntry>;
type WithoutNumber<T> = T extends unknown ? Omit<T, 'n'> : never;
export type NewRunStreamEntry = WithoutNumber<RunStreamEntry>;

/** The stream is only the live tail: it expires this long after the run's end. */
export const RUN_STREAM_TTL_MS = 3_600_000;
/** XADD MAXLEN: about this many flushes are kept. */
export const RUN_STREAM_LENGTH = 10_000;

/** A stream entry holds one field: the same JSON that is published. */
export const RUN_STREAM_FIELD = 'entry';

/** Reads what was published, or a stream entry's field; undefined for what a newer worker wrote. */
export function parseRunStreamEntry(json: string): RunStreamEntry | undefined {
  try {
    const parsed = z.safeParse(runStreamEntry, JSON.parse(json));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
