import { randomUUID } from 'node:crypto';
import type { Logger } from '@muster/runtime/logger';
import type { Metrics } from '@muster/runtime/metrics';
import type { Context, Next } from '../context.ts';

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * Gives each request an id, and leaves one line about it: its route's pattern, never its path, query or body.
 */
export function requestLog({
  logger,
  metrics,
  slowRequestMs,
}: {
  logger: Logger;
  metrics: Metrics;
  slowRequestMs: number;
}) {
  const duration = metrics.histogram('http_request_duration_seconds', 'HTTP requests by route and status', [
    'method',
    'route',
    'status',
  ]);
  return async (ctx: Context, next: Next): Promise<void> => {
    const given = ctx.get('x-request-id');
    ctx.state.requestId = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.state.startedAt = performance.now();
    ctx.set('x-request-id', ctx.state.requestId);
    try {
      await next();
    } finally {
      const seconds = (performance.now() - ctx.state.startedAt) / 1000;
      const route = ctx.state.route ?? 'other';
      const status = String(ctx.status);
      duration.observe({ method: ctx.method, route, status }, seconds);
      // A stream lasts as long as what it tells of.
      const isSlow = seconds * 1000 >= slowRequestMs && ctx.response.type !== 'text/event-stream';
      logger[ctx.status >= 500 || isSlow ? 'warn' : 'debug'](
        {
          requestId: ctx.state.requestId,
          method: ctx.method,
          route,
          status: ctx.status,
          ms: Math.round(seconds * 1000),
          ...(ctx.state.identity ? { userId: ctx.state.identity.userId } : {}),
          ...(ctx.state.code ? { code: ctx.state.code } : {}),
        },
        isSlow ? 'slow request' : 'request',
      );
    }
  };
}
