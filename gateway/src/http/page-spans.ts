import { isCommandName } from '@muster/protocol/commands';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import { PAGE_SPANS_PATH, pageSpans } from '@muster/protocol/page-spans';
import type { Tracing } from '@muster/runtime/tracing';
import type { Identities } from '../auth/identity-types.ts';
import type { Context } from './context.ts';
import type { Limits } from './limits.ts';
import { readJson } from './read-body.ts';

/** What pages saw of a click is passed on to the collector, which they cannot reach. */
export function createPageSpans({
  tracing,
  identities,
  limits,
}: {
  tracing: Tracing;
  identities: Identities;
  limits: Limits;
}) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (!tracing.isOn || ctx.path !== PAGE_SPANS_PATH || ctx.method !== 'POST') return void (await next());
    ctx.state.route = PAGE_SPANS_PATH;
    const identity = await identities.fromHeaders(ctx.req.headers);
    if (identity === undefined) throw new MusterError('unauthenticated', 'Sign in first.');
    ctx.state.identity = identity;
    await limits.take('user', identity.userId);
    const { spans } = parseOrThrow(pageSpans, (await readJson(ctx.req)).value);
    for (const { command, ...span } of spans) {
      const attributes = command !== undefined && isCommandName(command) ? { 'muster.commands': command } : {};
      tracing.tell({ ...span, attributes });
    }
    ctx.status = 204;
  };
}
