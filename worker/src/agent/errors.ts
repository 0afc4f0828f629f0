import type { RunError } from '@muster/protocol/run';
import { APIConnectionError, APIError } from 'openai';

/**
 * Whose fault a failed model call is. The caller's and a limit's end the run in words that a person can act on; the
 * provider's and the network's are tried again.
 */
export type ModelFault =
  | { fault: 'caller'; error: RunError }
  | { fault: 'limit'; error: RunError }
  | { fault: 'provider'; error: RunError; retryAfterMs?: number };

/** The model's stream ended, or never began, in a way that no error of the client describes. */
export class ModelStreamError extends Error {
  readonly kind: 'empty' | 'cut' | 'silent';

  constructor(kind: 'empty' | 'cut' | 'silent') {
    super(`the model's answer was ${kind}`);
    this.name = 'ModelStreamError';
    this.kind = kind;
  }
}

/** What a model call threw, told apart from everything else that can fail in a run. */
export class ModelCallError extends Error {
  constructor(cause: unknown) {
    super('the model call failed', { cause });
    this.name = 'ModelCallError';
  }
}

/** The failed model call behind an error, however deep the SDK wrapped it; undefined where it was something else. */
export function findModelCallError(error: unknown): ModelCallError | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if (current instanceof ModelCallError) return current;
    current = 'error' in current ? current.error : current.cause;
  }
  // The SDK's own verdict on what a model sent.
  return error instanceof Error && error.name === 'ModelBehaviorError' ? new ModelCallError(error) : undefined;
}

const words = (code: string, message: string): RunError => ({ code, message });

/** Sorts what a model call threw. Messages never repeat what the provider said: it may quote keys and prompts. */
export function sortModelError(error: unknown): ModelFault {
  if (error instanceof ModelStreamError && error.kind === 'empty') {
    return {
      fault: 'provider',
      error: words('model_empty', 'The model gave no answer. Try again, or put it differently.'),
    };
  }
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    return {
      fault: 'caller',
      error: words(
        'model_refused_key',
        'The model provider refuses our key. Whoever runs this server has to check it.',
      ),
    };
  }
  if (status === 429) return sortLimit(error);
  if (status === 404) {
    return {
      fault: 'caller',
      error: words(
        'model_unknown',
        'The model provider does not know the configured model. Whoever runs this server has to check it.',
      ),
    };
  }
  if (status === 413 || codeOf(error) === 'context_length_exceeded') {
    return {
      fault: 'limit',
      error: words('too_long', 'This conversation has grown too long for the model. Begin a new one.'),
    };
  }
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409) {
    return { fault: 'caller', error: words('model_refused', 'The model provider did not accept the request.') };
  }
  const unavailable = words('model_unavailable', 'The model cannot be reached at the moment. Try again in a while.');
  return { fault: 'provider', error: unavailable, ...retryAfter(error) };
}

function sortLimit(error: unknown): ModelFault {
  if (codeOf(error) === 'insufficient_quota') {
    return {
      fault: 'limit',
      error: words('model_quota', 'The model provider’s quota is used up. Whoever runs this server has to raise it.'),
    };
  }
  return {
    fault: 'provider',
    error: words('model_busy', 'The model provider is busy and takes no more requests. Try again in a while.'),
    ...retryAfter(error),
  };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof APIError && !(error instanceof APIConnectionError) ? error.status : undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof APIError ? error.code : undefined;
}

function retryAfter(error: unknown): { retryAfterMs?: number } {
  if (!(error instanceof APIError)) return {};
  const headers = error.headers as Headers | undefined;
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN);
  const wait = Number.isFinite(ms) ? ms : seconds * 1000;
  return Number.isFinite(wait) && wait >= 0 ? { retryAfterMs: wait } : {};
}

/** What a log may hold of a failed model call: providers repeat keys and prompts in their messages. */
export function faultForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const status = statusOf(error);
  const code = codeOf(error);
  const requestId = error instanceof APIError ? error.requestID : undefined;
  const kind = error instanceof ModelStreamError ? error.kind : undefined;
  const cause = error.cause instanceof Error ? { cause: error.cause.name } : {};
  return {
    type: error.constructor.name,
    ...(status === undefined ? {} : { status }),
    ...(typeof code === 'string' ? { code } : {}),
    ...(requestId ? { requestId } : {}),
    ...(kind === undefined ? {} : { kind }),
    ...cause,
  };
}
