import { randomUUID } from 'node:crypto';
import { MusterError, type ErrorCode } from '@muster/protocol/error';
import { STATUS_OF_CODE, type Problem } from '@muster/protocol/http';
import type { Logger } from '@muster/runtime/logger';
import type { Context, Next } from '../context.ts';

const TITLES: Record<ErrorCode, string> = {
  unauthenticated: 'Not signed in',
  not_found: 'Not found',
  forbidden: 'Not allowed',
  invalid: 'Not valid',
  too_large: 'Too large',
  rate_limited: 'Too many requests',
  limit_reached: 'Limit reached',
  conflict: 'Conflict',
  cloned: 'Conflict',
  upgrade_required: 'Upgrade required',
  unavailable: 'Unavailable',
  internal: 'Internal error',
};
/** What a caller that reached a lasting limit should wait before it looks again. */
const LIMIT_REACHED_RETRY_MS = 60_000;

/**
 * The one boundary: whatever was thrown becomes a problem (RFC 9457) with our code. Faults of ours are logged with an id
 * that the answer repeats; a client's mistake wakes nobody.
 */
export function problems({ logger }: { logger: Logger }) {
  return async (ctx: Context, next: Next): Promise<void> => {
    try {
      await next();
    } catch (thrown) {
      const error = toMusterError(thrown, (err) => {
        const errorId = randomUUID();
        logger.error({ err, errorId, requestId: ctx.state.requestId, route: ctx.state.route }, 'request failed');
        return errorId;
      });
      // A stream that has begun can only be cut: its reader asks again from where it was.
      if (ctx.headerSent || ctx.respond === false) return void ctx.res.destroy();
      answerProblem(ctx, error);
    }
  };
}

export function answerProblem(ctx: Context, error: MusterError): void {
  const problem = toProblem(error, ctx.state.requestId);
  ctx.state.code = error.code;
  ctx.status = problem.status;
  ctx.body = problem;
  ctx.type = 'application/problem+json';
  ctx.set('cache-control', 'no-store');
  if (problem.status === 429 || problem.status === 503) {
    const waitMs = problem.retryAfterMs ?? (error.code === 'limit_reached' ? LIMIT_REACHED_RETRY_MS : 1_000);
    ctx.set('retry-after', String(Math.max(1, Math.ceil(waitMs / 1000))));
  }
  if (problem.status === 401) ctx.set('www-authenticate', 'Bearer');
}

export function toProblem(error: MusterError, requestId: string): Problem {
  return {
    type: `about:blank#${error.code}`,
    title: TITLES[error.code],
    status: STATUS_OF_CODE[error.code],
    detail: error.message,
    code: error.code,
    instance: `urn:request:${requestId}`,
    retryable: error.retryable,
    ...error.details,
  };
}

function toMusterError(thrown: unknown, onFault: (err: unknown) => string): MusterError {
  if (thrown instanceof MusterError && thrown.code !== 'internal') return thrown;
  if (isBadUri(thrown)) return new MusterError('invalid', 'The address is not well-formed.');
  if (isUnstorable(thrown)) return new MusterError('invalid', 'This holds characters that cannot be stored.');
  return new MusterError('internal', 'Something went wrong on our side.', { errorId: onFault(thrown) });
}

/** The router decodes path parameters, and throws on `%E0%A4%A`. */
function isBadUri(thrown: unknown): boolean {
  return thrown instanceof URIError || (thrown as { status?: unknown } | null)?.status === 400;
}

/** Text that Postgres cannot hold, such as U+0000: asked for in a search, or given as a name. */
const isUnstorable = (thrown: unknown): boolean =>
  ['22021', '22P05'].includes(String((thrown as { code?: unknown } | null)?.code));
