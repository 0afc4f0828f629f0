import { MusterError, parseOrThrow } from '@muster/protocol/error';
import { PAGE_ERRORS_PATH, pageError } from '@muster/protocol/page-errors';
import type { ErrorReports } from '@muster/runtime/error-reports';
import type { Identities } from '../auth/identity-types.ts';
import type { Context } from './context.ts';
import type { Limits } from './limits.ts';
import { readJson } from './read-body.ts';

/** What went wrong in a page is passed on to where our own errors go: no page talks to that service itself. */
export function createPageErrors({
  reports,
  identities,
  limits,
}: {
  reports: ErrorReports | undefined;
  identities: Identities;
  limits: Limits;
}) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (!reports || ctx.path !== PAGE_ERRORS_PATH || ctx.method !== 'POST') return void (await next());
    ctx.state.route = PAGE_ERRORS_PATH;
    const identity = await identities.fromHeaders(ctx.req.headers);
    if (identity === undefined) throw new MusterError('unauthenticated', 'Sign in first.');
    ctx.state.identity = identity;
    await limits.take('user', identity.userId);
    const err = parseOrThrow(pageError, (await readJson(ctx.req)).value);
    const { userId } = identity;
    reports.report({ level: 'error', platform: 'javascript', msg: 'a page failed', userId, err });
    ctx.status = 204;
  };
}
