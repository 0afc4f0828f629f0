import { mutateAnswer, type FirstAnswer } from '@muster/protocol/client-events';
import { wireError, type WireError } from '@muster/protocol/error';
import * as z from 'zod/mini';
import { backoff } from './clock.ts';
import type { FormerOptions } from './former.ts';
import { toFrame, VOID } from './intent.ts';
import type { FormerMutation } from './types.ts';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
/** A server that fails on the same one so often fails on it for ever. */
const INTERNAL_FAILURES = 5;

/** What a log says of something that an earlier one had acknowledged. */
export type Said = { is: 'held'; seqs: Record<string, number> | null; error?: WireError } | { is: 'lost' };

/** Asks for them in their order, for all of them again until each has its answer. */
export async function askFor(
  rows: readonly FormerMutation[],
  { request, clock }: Pick<FormerOptions, 'request' | 'clock'>,
): Promise<Said[]> {
  for (let attempt = 1; ; attempt += 1) {
    const answers = await Promise.all(rows.map((row) => request('mutate', toFrame(row.isLost ? row : asking(row)))));
    const said = answers.map((answer, at) => understand(answer, rows[at]!, attempt >= INTERNAL_FAILURES));
    if (said.every((one) => one !== undefined)) return said;
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, backoff(clock, attempt, RETRY_BASE_MS, RETRY_CAP_MS));
    });
  }
}

/** The same mid and nonce, and no words: what is lost must not be done under an id that others may use as well. */
const asking = ({ mid, nonce }: FormerMutation) => ({ mid, nonce, name: VOID, args: {}, base: null });

/** Undefined: to be asked again. */
function understand(answer: unknown, row: FormerMutation, isLastTry: boolean): Said | undefined {
  const { ok, data, error } = (answer ?? {}) as { ok?: boolean; data?: unknown; error?: unknown };
  if (ok === true) {
    const parsed = z.safeParse(mutateAnswer, data);
    if (!parsed.success) return undefined;
    if (parsed.data.status === 'out_of_order') return { is: 'lost' };
    const first = (parsed.data.status === 'duplicate' ? parsed.data.first : parsed.data) as FirstAnswer;
    if (first.status === 'applied') return { is: 'held', seqs: first.seqs };
    // What had been applied is refused only where the asking itself has taken its mid.
    if (!row.isLost) return { is: 'lost' };
    const { status: _rejected, ...refusal } = first;
    return { is: 'held', seqs: null, error: { retryable: false, ...refusal } };
  }
  const parsed = z.safeParse(wireError, error);
  if (!parsed.success) return undefined;
  const failure = parsed.data as WireError;
  if (failure.code === 'cloned') return { is: 'lost' };
  const mayHelp = failure.retryable && !(failure.code === 'internal' && isLastTry);
  return mayHelp ? undefined : { is: 'held', seqs: null, error: failure };
}
