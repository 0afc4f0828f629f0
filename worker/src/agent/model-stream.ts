import type { Model, ModelRequest, StreamEvent } from '@openai/agents';
import { interruptionOf } from '../run/interruption.ts';
import { pause } from '../run/pause.ts';
import { ModelStreamError, sortModelError } from './errors.ts';

/** A model that says nothing for this long has hung up without telling. */
export const SILENT_AFTER_MS = 60_000;
const RETRY_DELAYS_MS = [500, 1_500, 4_000];
/** A provider may ask for patience, but not for more than the person in front of the page has. */
const LONGEST_WAIT_MS = 20_000;

export interface PatienceOptions {
  silentAfterMs?: number;
  retryDelaysMs?: number[];
  onRetry?: (error: unknown) => void;
  /** Whose call it is, whatever object stands for it in all its attempts; left out, each request stands for itself. */
  run?: object;
}

/**
 * Events of one model call, tried again with backoff while nothing has been shown of it. Ends where the request's
 * signal is aborted, also where the model itself does not listen.
 *
 * @throws what the model threw, once retrying cannot help or something has been shown; {@link ModelStreamError}
 */
export async function* streamPatiently(
  model: Model,
  request: ModelRequest,
  { silentAfterMs = SILENT_AFTER_MS, retryDelaysMs = RETRY_DELAYS_MS, onRetry, run = request }: PatienceOptions = {},
): AsyncGenerator<StreamEvent> {
  const { signal } = request;
  for (let tries = 0; ; tries++) {
    // Its own signal for each try: what is given up on must hang up, or its connection stays open for minutes.
    const hangUp = new AbortController();
    const own = { ...request, signal: signal ? AbortSignal.any([signal, hangUp.signal]) : hangUp.signal };
    let hasBegun = false;
    let finish: 'unknown' | 'missing' | 'told' = 'unknown';
    try {
      for await (const event of attentively(model.getStreamedResponse(own), silentAfterMs, signal)) {
        if (event.type === 'model' && finish !== 'told') finish = finishOf(event.event) ?? finish;
        if (event.type === 'response_done' && isEmpty(event)) throw new ModelStreamError('empty');
        if (event.type === 'response_done' && isCut(model, finish, run)) throw new ModelStreamError('cut');
        if (event.type === 'output_text_delta' || event.type === 'response_done') hasBegun = true;
        yield event;
        if (event.type === 'response_done') return;
      }
      throw new ModelStreamError(hasBegun ? 'cut' : 'empty');
    } catch (error) {
      const fault = sortModelError(error);
      const delay = retryDelaysMs[tries];
      if (signal?.aborted || hasBegun || fault.fault !== 'provider' || delay === undefined) throw error;
      if ((fault.retryAfterMs ?? 0) > LONGEST_WAIT_MS) throw error;
      onRetry?.(error);
      await pause(Math.max(fault.retryAfterMs ?? 0, delay * (0.5 + Math.random() / 2)), signal);
    } finally {
      hangUp.abort();
    }
  }
}

/** Models whose server has ever told a finish reason. */
const telling = new WeakSet<Model>();
/** Models whose server left it out again when a run was asked again for it, and has never told one. */
const untelling = new WeakSet<Model>();
/** Runs that had an answer without one, while nothing was known of the server. */
const doubted = new WeakMap<Model, WeakSet<object>>();

/**
 * A chat stream that was cut cleanly looks complete to the client but for its missing finish reason. Some servers never
 * send one: as long as nothing is known of a server, each run that misses it is asked again, and then believed. All runs
 * of a process share a model: what one of them missed says nothing of the answers of the others.
 */
function isCut(model: Model, finish: 'unknown' | 'missing' | 'told', run: object): boolean {
  if (finish === 'told') telling.add(model);
  if (finish !== 'missing') return false;
  if (telling.has(model)) return true;
  if (untelling.has(model)) return false;
  const runs = doubted.get(model) ?? new WeakSet();
  doubted.set(model, runs);
  if (runs.has(run)) untelling.add(model);
  else runs.add(run);
  return !untelling.has(model);
}

/** Of a raw chunk of Chat Completions; undefined for anything else. */
function finishOf(raw: unknown): 'missing' | 'told' | undefined {
  if (typeof raw !== 'object' || raw === null || !('choices' in raw) || !Array.isArray(raw.choices)) return undefined;
  const isTold = raw.choices.some(
    (choice: { finish_reason?: unknown } | null) => typeof choice?.finish_reason === 'string',
  );
  return isTold ? 'told' : 'missing';
}

function isEmpty(event: Extract<StreamEvent, { type: 'response_done' }>): boolean {
  return !event.response.output.some(
    (item) =>
      item.type === 'function_call' ||
      (item.type === 'message' && item.content.some((part) => part.type === 'output_text' && part.text.trim() !== '')),
  );
}

/** Ends an iterable that is silent for too long or whose signal is aborted, without waiting for it to agree. */
async function* attentively<T>(
  iterable: AsyncIterable<T>,
  silentAfterMs: number,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const iterator = iterable[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await within(iterator.next(), silentAfterMs, signal);
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a model that hangs would hang its caller too.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function within<T>(work: Promise<T>, silentAfterMs: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new ModelStreamError('silent'))), silentAfterMs);
    const onAbort = (): void => settle(() => reject((signal && interruptionOf(signal)) ?? new Error('aborted')));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error as Error)),
    );
  });
}
