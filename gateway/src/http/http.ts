import type { RequestListener } from 'node:http';
import { erasePerson, type EraseDeps } from '@muster/db/care/erase-person';
import { createAccountRepository } from '@muster/db/repositories/account.repository';
import { createApiTokenRepository } from '@muster/db/repositories/api-token.repository';
import { createConflictRepository } from '@muster/db/repositories/conflict.repository';
import { createHistoryRepository } from '@muster/db/repositories/history.repository';
import { createListRepository } from '@muster/db/repositories/list.repository';
import { createMailRepository } from '@muster/db/repositories/mail.repository';
import { createMemberRepository } from '@muster/db/repositories/member.repository';
import { createTaskRepository } from '@muster/db/repositories/task.repository';
import { createThreadRepository } from '@muster/db/repositories/thread.repository';
import type { Reader } from '@muster/db/repositories/visible';
import { MusterError } from '@muster/protocol/error';
import { API_PREFIX } from '@muster/protocol/http';
import Koa from 'koa';
import { createAskForAddress } from '../auth/addresses.ts';
import { AUTH_PREFIX, type Auth } from '../auth/auth.ts';
import type { Identities } from '../auth/identity-types.ts';
import { createPasswords } from '../auth/passwords.ts';
import { createSecrets } from '../auth/secrets.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { createApiRoutes } from './api-routes.ts';
import type { Context, RequestState } from './context.ts';
import type { Route } from './define-route.ts';
import { renderDocsPage } from './docs-page.ts';
import { createHealth, createHealthRoutes } from './health.ts';
import type { Limits } from './limits.ts';
import { cors } from './middleware/cors.ts';
import { problems } from './middleware/problems.ts';
import { requestLog } from './middleware/request-log.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { mountRoutes } from './mount-routes.ts';
import { createOpenApi } from './openapi.ts';
import { createPage } from './page.ts';
import { createPageErrors } from './page-errors.ts';
import { createPageSpans } from './page-spans.ts';
import { createAuthRoute } from './routes/auth.ts';
import { createSubmit } from './submit.ts';

export interface HttpDeps extends GatewayContext {
  /** Kysely: reads. */
  db: Reader;
  /** The pool behind it: readiness asks it whether migrations are pending, and erasing needs transactions of its own. */
  pool: EraseDeps['pool'];
  auth: Auth;
  identities: Identities;
  limits: Limits;
}

export interface Http {
  callback(): RequestListener;
  /** For tests that walk all of them. */
  routes: readonly Route[];
}

/** Everything that this process answers over HTTP: accounts, the API, health, and the page. */
export function createHttp(deps: HttpDeps): Http {
  const { settings, logger, tracing, reports, metrics, redis, db, identities, limits } = deps;
  const routes = createApiRoutes({
    ...deps,
    submit: createSubmit(deps),
    secrets: createSecrets(settings.secret),
    passwords: createPasswords(deps.auth),
    askForAddress: createAskForAddress(deps.auth),
    mails: createMailRepository(db),
    erase: (userId, onLockedOut) => erasePerson({ pool: deps.pool, commit: deps.commit, onLockedOut }, userId),
    accounts: createAccountRepository(db),
    lists: createListRepository(db),
    history: createHistoryRepository(db),
    conflicts: createConflictRepository(db),
    tasks: createTaskRepository(db),
    members: createMemberRepository(db),
    threads: createThreadRepository(db),
    tokens: createApiTokenRepository(db),
  });

  const app = new Koa<RequestState>();
  app.proxy = settings.trustedProxies > 0;
  app.maxIpsCount = settings.trustedProxies;
  app.silent = true;

  app.use(requestLog({ logger, metrics, slowRequestMs: settings.slowRequestMs }));
  app.use(securityHeaders(settings));
  app.use(problems({ logger }));

  // First: a page from another origin asks for our health too, to say what is wrong.
  app.use(cors(settings));
  const askHealth = createHealth({ ...deps, database: deps.pool, redis: redis.get('commands') });
  const answerHealth = createHealthRoutes({ askHealth, ...deps });
  app.use(async (ctx, next) => {
    // Before the limits: whoever watches us must not be locked out by whoever storms us.
    if (!(await answerHealth(ctx))) await next();
  });
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/api/')) await limits.take('address', ctx.ip);
    await next();
  });

  const answerAuth = createAuthRoute({ ...deps });
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith(`${AUTH_PREFIX}/`)) await answerAuth(ctx);
    else await next();
  });
  app.use(createPageSpans({ tracing, identities, limits }));
  app.use(createPageErrors({ reports, identities, limits }));
  app.use(documentation(routes, settings.publicUrl));
  app.use(mountRoutes(routes, { identities, limits, tracing }).routes() as unknown as Koa.Middleware<RequestState>);
  app.use(async (ctx, next) => {
    if (ctx.path === '/api' || ctx.path.startsWith('/api/'))
      throw new MusterError('not_found', 'There is no such address.');
    await next();
  });

  app.use(async (ctx, next) => {
    if (ctx.path !== '/config.json') return next();
    ctx.state.route = ctx.path;
    ctx.set('cache-control', 'no-store');
    ctx.body = {
      api: settings.apiUrl ?? '',
      ...(tracing.share > 0 ? { traces: tracing.share } : {}),
      ...(reports ? { errors: true } : {}),
    };
  });
  app.use(createPage(settings));
  app.use(async () => {
    throw new MusterError('not_found', 'There is no such address.');
  });

  return { callback: () => app.callback() as RequestListener, routes };
}

/** The document and the page are made at the first look: most processes are never asked. */
function documentation(routes: readonly Route[], publicUrl: string | undefined) {
  let document: Record<string, unknown> | undefined;
  let page: ReturnType<typeof renderDocsPage> | undefined;
  const serverUrl = publicUrl?.replace(/\/+$/, '') ?? '';
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    const isDocument = ctx.path === `${API_PREFIX}/openapi.json`;
    if (ctx.method !== 'GET' || (!isDocument && ctx.path !== `${API_PREFIX}/docs`)) return void (await next());
    ctx.state.route = ctx.path;
    document ??= createOpenApi(routes, serverUrl);
    ctx.set('cache-control', 'no-cache');
    if (isDocument) return void (ctx.body = document);
    page ??= renderDocsPage(document);
    ctx.set('content-security-policy', page.policy);
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = page.html;
  };
}
