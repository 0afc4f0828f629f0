import { MusterError } from '@muster/protocol/error';
import { isTrustedCaller, type Origins } from '../../auth/origins.ts';
import type { Context, Next } from '../context.ts';

const METHODS = 'GET,POST,PATCH,DELETE,OPTIONS';
const REQUEST_HEADERS = 'content-type,authorization,accept,idempotency-key,last-event-id,x-request-id';
const RESPONSE_HEADERS = 'set-auth-token,set-auth-jwt,retry-after,x-request-id,location';
const PREFLIGHT_AGE_S = 600;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Pages of the listed origins may read answers and send their cookie; a page of any other origin may change nothing with
 * a cookie either (form posts need no CORS).
 */
export function cors({ origins }: { origins: Origins }) {
  return async (ctx: Context, next: Next): Promise<void> => {
    const origin = ctx.req.headers.origin;
    ctx.vary('Origin');
    const isAllowed = origin !== undefined && origins.isAllowed(origin, ctx.req.headers.host);
    if (isAllowed) {
      ctx.set('access-control-allow-origin', origin);
      ctx.set('access-control-allow-credentials', 'true');
      ctx.set('access-control-expose-headers', RESPONSE_HEADERS);
    }
    if (ctx.method === 'OPTIONS' && ctx.get('access-control-request-method') !== '') {
      ctx.state.route = 'preflight';
      if (isAllowed) {
        ctx.set('access-control-allow-methods', METHODS);
        ctx.set('access-control-allow-headers', REQUEST_HEADERS);
        ctx.set('access-control-max-age', String(PREFLIGHT_AGE_S));
      }
      ctx.status = 204;
      return;
    }
    if (!SAFE.has(ctx.method) && ctx.req.headers.cookie !== undefined && !isTrustedCaller(ctx.req.headers, origins)) {
      throw new MusterError('forbidden', 'This origin may not use the API with a cookie.');
    }
    await next();
  };
}
