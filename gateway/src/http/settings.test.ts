import { ConfigError, parseConfig } from '@muster/runtime/config';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { httpVariables, toHttpSettings } from './settings.ts';

const STRONG = 'k3J9xQ2mVb7TzR4nWc8LpY1sHd6FgA0u';
const read = (env: Record<string, string> = {}, isProduction = false) =>
  toHttpSettings(parseConfig(z.object(httpVariables), { SECRET: STRONG, ...env }), isProduction);

describe('settings', () => {
  test('on one’s own machine: wide limits, addresses trusted, plain cookies, a day', () => {
    expect(read()).toMatchObject({
      emailTrust: 'sign-up',
      isCookieSecure: false,
      sessionTtlMs: 86_400_000,
      trustedProxies: 0,
    });
    expect(read().limits?.user.points).toBeGreaterThan(read({}, true).limits?.user.points ?? 0);
  });

  test('in production addresses must be verified first, unless it is set otherwise', () => {
    expect(read({}, true).emailTrust).toBe('verified');
    expect(read({ EMAIL_TRUST: 'sign-up' }, true).emailTrust).toBe('sign-up');
  });

  test('cookies are secure where people come by https', () => {
    expect(read({ PUBLIC_URL: 'https://muster.example' }, true).isCookieSecure).toBe(true);
    expect(read({ PUBLIC_URL: 'http://localhost:8080' }, true).isCookieSecure).toBe(false);
    expect(() => read({ COOKIE_SAME_SITE: 'none' })).toThrow('COOKIE_SAME_SITE');
  });

  test('a weak or missing secret is refused, and not repeated', () => {
    expect(() => read({ SECRET: 'a'.repeat(40) }, true)).toThrow(/^SECRET is too simple/);
    expect(() => read({ SECRET: 'short-secret' })).toThrow(ConfigError);
    try {
      read({ SECRET: 'short-secret' });
    } catch (error) {
      expect((error as ConfigError).lines.join()).not.toContain('short-secret');
    }
  });

  test('metrics are open in development only, unless it is set otherwise or there is a token', () => {
    expect(read().metrics).toEqual({ isOpen: true, token: undefined });
    expect(read({}, true).metrics.isOpen).toBe(false);
    expect(read({ METRICS_OPEN: 'on' }, true).metrics.isOpen).toBe(true);
    expect(read({ METRICS_TOKEN: 't'.repeat(16) }).metrics).toEqual({ isOpen: false, token: 't'.repeat(16) });
  });

  test('a wildcard of origins and what is none are refused by name', () => {
    expect(() => read({ ALLOWED_ORIGINS: '*' }, true)).toThrow('ALLOWED_ORIGINS');
    expect(() => read({ ALLOWED_ORIGINS: 'https://a.example, nonsense' })).toThrow('nonsense');
  });
});
