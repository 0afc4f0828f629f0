import { MusterError } from '@muster/protocol/error';
import { ADDRESS_HEADER, AUTH_PREFIX, type Auth } from '../../auth/auth.ts';
import { normalizeOrigin } from '../../auth/origins.ts';
import { ownOrigin, type Context } from '../context.ts';
import type { Limits } from '../limits.ts';
import { readBody } from '../read-body.ts';
import type { HttpSettings } from '../settings.ts';

/** Where passwords and accounts may be guessed at: limited by address. */
const GUESSABLE =
  /^\/api\/auth\/(sign-in|sign-up|forget-password|request-password-reset|reset-password|change-password|verify-password)/;

/** Several cookies are several headers; what is exposed to other origins is told for all routes alike. */
const NOT_PASSED_ON = new Set(['set-cookie', 'access-control-expose-headers']);

/** Hands `/api/auth/*` to Better Auth: bounded bodies, our limits, the client's address as we see it. */
export function createAuthRoute({ auth, limits, settings }: { auth: Auth; limits: Limits; settings: HttpSettings }) {
  return async (ctx: Context): Promise<void> => {
    ctx.state.route = `${AUTH_PREFIX}/*`;
    const { origin: from, host } = ctx.req.headers;
    // Signing in needs no cookie, and yet no foreign page may do it for someone.
    if (ctx.method !== 'GET' && from !== undefined && !settings.origins.isAllowed(from, host)) {
      throw new MusterError('forbidden', 'This origin may not use the API.');
    }
    const own = (settings.publicUrl && normalizeOrigin(settings.publicUrl)) ?? ownOrigin(ctx);
    const url = new URL(ctx.path + ctx.search, own);
    // `/api/auth/./sign-in` would be one path to the limits and another to Better Auth.
    if (url.pathname !== ctx.path) throw new MusterError('not_found', 'There is no such address.');
    if (ctx.method !== 'GET' && GUESSABLE.test(url.pathname)) await limits.take('accounts', ctx.ip);

    const request = new Request(url, {
      method: ctx.method,
      headers: headersFor(ctx, own),
      ...(ctx.method === 'GET' || ctx.method === 'HEAD' ? {} : { body: new Uint8Array(await readBody(ctx.req)) }),
    });
    const answer = await auth.handler(request);

    ctx.status = answer.status;
    // A sign-in that failed after its session was made has left the cookie in the headers: it must not reach a browser,
    // which would forget the guest that it still is.
    const isFailed = answer.status >= 400;
    for (const [name, value] of answer.headers) {
      if (NOT_PASSED_ON.has(name) || (isFailed && name === 'set-auth-token')) continue;
      ctx.set(name, value);
    }
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0 && !isFailed) ctx.set('set-cookie', cookies);
    ctx.set('cache-control', 'no-store');
    const body = Buffer.from(await answer.arrayBuffer());
    if (body.length > 0) ctx.body = body;
    if (body.length > 0 && answer.headers.has('content-type'))
      ctx.set('content-type', answer.headers.get('content-type') as string);
  };
}

/**
 * Better Auth refuses what changes something without an Origin. Browsers always name one (middleware/cors.ts checked
 * it); a script that names none speaks for itself.
 */
function headersFor(ctx: Context, own: string): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(ctx.req.headers)) {
    if (value !== undefined && name !== 'content-length' && name !== 'transfer-encoding' && !name.startsWith(':')) {
      headers.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
  }
  headers.set(ADDRESS_HEADER, ctx.ip);
  if (!headers.has('origin')) headers.set('origin', own);
  return headers;
}
