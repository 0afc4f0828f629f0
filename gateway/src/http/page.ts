import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Next } from './context.ts';
import { normalizeOrigin } from '../auth/origins.ts';
import { PageFiles } from './page-files.ts';
import type { HttpSettings } from './settings.ts';

const YEAR_S = 31_536_000;
const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi;
const HASHED = '/_app/immutable/';
const FALLBACKS = ['index.html', '200.html'];

/**
 * What the page may do. Its own inline scripts (the theme before the first paint, SvelteKit's start) are allowed by their
 * hashes, and no others; what people or the agent write can never run.
 */
export function contentSecurityPolicy(html: string, apiUrl: string | undefined): string {
  const hashes = [...html.matchAll(INLINE_SCRIPT)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  const api = apiUrl === undefined ? undefined : normalizeOrigin(apiUrl);
  const sources = api === undefined ? '' : ` ${api} ${api.replace(/^http/, 'ws')}`;
  return [
    "default-src 'self'",
    ["script-src 'self'", ...new Set(hashes)].join(' '),
    "style-src 'self'",
    // Positions and hues are set as attributes; an attribute can load nothing and select nothing.
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: https:",
    "font-src 'self'",
    `connect-src 'self'${sources}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Serves the built page: hashed files for a year, the rest revalidated, compressed copies where they lie beside; any other
 * address that a browser navigates to gets the page, whose own router knows it. Without a page: nothing.
 */
export function createPage({ webRoot, apiUrl }: Pick<HttpSettings, 'webRoot' | 'apiUrl'>) {
  const fallback = webRoot && FALLBACKS.map((name) => join(webRoot, name)).find((file) => existsSync(file));
  if (!webRoot || !fallback) return async (_ctx: Context, next: Next): Promise<void> => void (await next());

  const html = readFileSync(fallback);
  const policy = contentSecurityPolicy(html.toString('utf8'), apiUrl);
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 24)}"`;
  const files = new PageFiles(webRoot);
  const serveFile = (ctx: Context): boolean => {
    const isHashed = ctx.path.startsWith(HASHED);
    if (!files.answer(ctx, isHashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache')) return false;
    ctx.state.route = 'page file';
    ctx.set({ 'content-security-policy': policy, 'cross-origin-opener-policy': 'same-origin' });
    return true;
  };

  const servePage = (ctx: Context) => {
    ctx.state.route = 'page';
    ctx.status = 200;
    ctx.set({
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'geolocation=(), payment=(), usb=()',
      'cache-control': 'no-cache',
      etag,
    });
    ctx.type = 'text/html; charset=utf-8';
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = html;
  };

  return async (ctx: Context, next: Next): Promise<void> => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return void (await next());
    if (ctx.path === '/' || FALLBACKS.some((name) => ctx.path === `/${name}`)) return servePage(ctx);
    if (serveFile(ctx)) return;
    // A missing script must not be answered with a page: only what a person navigates to.
    const isNavigation = /\btext\/html\b/.test(ctx.get('accept')) && !/\.[a-z0-9]{1,8}$/i.test(ctx.path);
    if (isNavigation) return servePage(ctx);
    await next();
  };
}
