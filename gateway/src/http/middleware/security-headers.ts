import type { HttpSettings } from '../settings.ts';
import type { Context, Next } from '../context.ts';

const HSTS = 'max-age=31536000; includeSubDomains';
/** What answers that are no pages may do in a browser that shows them: nothing. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

export function securityHeaders({ isCookieSecure }: Pick<HttpSettings, 'isCookieSecure'>) {
  return async (ctx: Context, next: Next): Promise<void> => {
    ctx.set({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'content-security-policy': NOTHING,
      ...(isCookieSecure ? { 'strict-transport-security': HSTS } : {}),
    });
    await next();
  };
}
