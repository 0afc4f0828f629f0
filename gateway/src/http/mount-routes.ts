import { createHash } from 'node:crypto';
import Router from '@koa/router';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import { API_PREFIX, idempotencyKey } from '@muster/protocol/http';
import type { Tracing } from '@muster/runtime/tracing';
import type { Identities } from '../auth/identity-types.ts';
import type { Context } from './context.ts';
import { statusOf, STREAMED, type Idempotency, type Route } from './define-route.ts';
import type { Limits } from './limits.ts';
import { readJson } from './read-body.ts';

/**
 * Each request of the API goes the same way: limit, authenticate, parse, call, present. Whether something is there is
 * told to those only who may see it, so nothing is looked up before.
 */
export function mountRoutes(
  routes: readonly Route[],
  { identities, limits, tracing }: { identities: Identities; limits: Limits; tracing: Tracing },
): Router {
  // As exact as whoever decides by the path before it: `/API/v1` would have no limits.
  const router = new Router({ sensitive: true });
  for (const route of routes) {
    const path = API_PREFIX + route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router.register(path, [route.method.toLowerCase()], (async (ctx: Context) => {
      ctx.state.route = API_PREFIX + route.path;
      const parent = ctx.get('traceparent');
      const options = { kind: 'server', isRoot: route.method !== 'GET', ...(parent === '' ? {} : { parent }) } as const;
      await tracing.span(`${route.method} ${ctx.state.route}`, options, () =>
        serve(route, ctx, { identities, limits }),
      );
    }) as never);
  }
  return router;
}

async function serve(
  route: Route,
  ctx: Context,
  { identities, limits }: { identities: Identities; limits: Limits },
): Promise<void> {
  if (route.isGuessable) await limits.take('accounts', ctx.ip);
  const identity = await identities.fromHeaders(ctx.req.headers);
  if (identity === undefined && !route.isPublic) throw new MusterError('unauthenticated', 'Sign in first.');
  if (identity !== undefined) {
    ctx.state.identity = identity;
    if (route.method !== 'GET') await limits.take('user', identity.userId);
  }

  const params = route.params && parseOrThrow(route.params, (ctx as unknown as { params: unknown }).params);
  const query = route.query === undefined ? undefined : parseOrThrow(route.query, { ...ctx.query });
  let body: unknown;
  let idempotency: Idempotency | undefined;
  if (route.method === 'POST' || route.method === 'PATCH' || route.body !== undefined) {
    const { value, bytes } = await readJson(ctx.req);
    body = route.body === undefined ? undefined : parseOrThrow(route.body, value);
    idempotency = route.method === 'POST' ? idempotencyOf(ctx, bytes) : undefined;
  }

  const answer = await route.handle({ identity, params, query, body, idempotency, ctx } as never);
  if (answer === STREAMED) return;
  ctx.set('cache-control', 'no-store');
  ctx.status = statusOf(route);
  if (route.answer !== undefined) ctx.body = answer;
}

/** The same key on another path or with another body is another request: a conflict, found by this hash. */
function idempotencyOf(ctx: Context, bytes: Buffer): Idempotency | undefined {
  const given = ctx.get('idempotency-key');
  if (given === '') return undefined;
  const key = parseOrThrow(idempotencyKey, given);
  const bodyHash = createHash('sha256').update(`${ctx.method} ${ctx.path}\n`).update(bytes).digest('hex');
  return { key, bodyHash };
}
