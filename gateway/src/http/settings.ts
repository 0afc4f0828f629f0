import type * as z from 'zod';
import { durationMs, flag, integer, list, oneOf, secret, text, url } from '@muster/runtime/config';
import { createOrigins, type Origins } from '../auth/origins.ts';
import { limitsFor, type LimitName, type Limit } from './limits.ts';

/**
 * The environment variables of HTTP and accounts, to be spread into the gateway's one schema, and what they become.
 */
export const httpVariables = {
  SECRET: secret('the secret that signs and seals: at least 32 characters, such as from `openssl rand -base64 32`', 32),
  PUBLIC_URL: url(
    ['http', 'https'],
    'the address under which people reach the product; https makes cookies secure',
  ).optional(),
  ALLOWED_ORIGINS: list(
    'origins of pages on other hosts that may use the API, such as https://app.example (* in development only)',
  ).default([]),
  TRUST_PROXY: integer('the number of proxies in front whose X-Forwarded-For is believed', { max: 10 }).default(0),
  SESSION_TTL_MS: durationMs('how long a session lives after its last use,', { min: 60_000 }).default(86_400_000),
  COOKIE_SAME_SITE: oneOf(
    ['lax', 'none'],
    'the SameSite of the session cookie (none where the page is on another site)',
  ).default('lax'),
  EMAIL_TRUST: oneOf(
    ['sign-up', 'verified'],
    'when an invitation to an address is taken up: at sign-up, or once it is verified',
  ).optional(),
  SMTP_URL: url(['smtp', 'smtps'], 'the address of a server that takes mail', { isSecret: true }).optional(),
  WEB_ROOT: text('the folder of the built page').optional(),
  API_URL: url(
    ['http', 'https'],
    'the address of the API as the page should use it, where it is not its own',
  ).optional(),
  METRICS_TOKEN: secret('the bearer token with which /metrics may be read at the public address', 16).optional(),
  METRICS_OPEN: flag(
    'whether anyone may read /metrics at the public address (in development, if not set and without a token)',
  ).optional(),
  SLOW_REQUEST_MS: durationMs('from when on a request leaves a line that says so,', { min: 1 }).default(1_000),
  RATE_LIMITS: flag('limits on requests; off for measurements only').default(true),
  RATE_LIMIT_ADDRESS: integer('requests of one address in 10 seconds', { min: 1 }).optional(),
  RATE_LIMIT_ACCOUNTS: integer('sign-ins and sign-ups of one address in a minute', { min: 1 }).optional(),
  RATE_LIMIT_USER: integer('changes of one user in 10 seconds', { min: 1 }).optional(),
  RATE_LIMIT_SOCKET: integer('messages of one socket in a second', { min: 1 }).optional(),
  RATE_LIMIT_HANDSHAKE: integer('handshakes of one address in 10 seconds', { min: 1 }).optional(),
  RATE_LIMIT_INVITES: integer('invitations by one user in an hour', { min: 1 }).optional(),
} as const;

type Values = z.output<z.ZodObject<typeof httpVariables>>;

/** Random text of 32 characters has about 20 different ones; `aaaa…` and `changeme…` have few. */
const LEAST_DISTINCT = 10;

export interface HttpSettings {
  secret: string;
  publicUrl: string | undefined;
  isProduction: boolean;
  origins: Origins;
  /** How many proxies stand in front; 0: the socket's address is the client's. */
  trustedProxies: number;
  sessionTtlMs: number;
  isCookieSecure: boolean;
  cookieSameSite: 'lax' | 'none';
  /** Whether an address counts as its owner's at once, or only after a mail to it was answered. */
  emailTrust: 'sign-up' | 'verified';
  /** Whether a worker sends mail: without, nobody is asked to wait for one. */
  hasMail: boolean;
  webRoot: string | undefined;
  apiUrl: string | undefined;
  /** Who may read /metrics at the address that everyone knows. */
  metrics: { isOpen: boolean; token: string | undefined };
  slowRequestMs: number;
  limits: Record<LimitName, Limit> | undefined;
}

/**
 * @throws {Error} with a readable line where settings do not go together
 */
export function toHttpSettings(values: Values, isProduction: boolean): HttpSettings {
  if (isProduction && new Set(values.SECRET).size < LEAST_DISTINCT) {
    throw new Error('SECRET is too simple to keep anything: use what `openssl rand -base64 32` prints.');
  }
  const isCookieSecure = values.PUBLIC_URL?.startsWith('https:') ?? false;
  if (values.COOKIE_SAME_SITE === 'none' && !isCookieSecure) {
    throw new Error('COOKIE_SAME_SITE: none needs a PUBLIC_URL with https, or browsers drop the cookie.');
  }
  return {
    secret: values.SECRET,
    publicUrl: values.PUBLIC_URL,
    isProduction,
    origins: createOrigins({ allowed: values.ALLOWED_ORIGINS, publicUrl: values.PUBLIC_URL, isProduction }),
    trustedProxies: values.TRUST_PROXY,
    sessionTtlMs: values.SESSION_TTL_MS,
    isCookieSecure,
    cookieSameSite: values.COOKIE_SAME_SITE,
    // On one's own machine there is no mail to answer, and nobody else's address to take. In production anyone may sign
    // up with anyone's address, so an invitation waits until the address is known to be theirs.
    emailTrust: values.EMAIL_TRUST ?? (isProduction ? 'verified' : 'sign-up'),
    hasMail: values.SMTP_URL !== undefined,
    webRoot: values.WEB_ROOT,
    apiUrl: values.API_URL,
    metrics: {
      isOpen: values.METRICS_OPEN ?? (!isProduction && values.METRICS_TOKEN === undefined),
      token: values.METRICS_TOKEN,
    },
    slowRequestMs: values.SLOW_REQUEST_MS,
    limits: values.RATE_LIMITS
      ? limitsFor(isProduction, {
          address: values.RATE_LIMIT_ADDRESS,
          accounts: values.RATE_LIMIT_ACCOUNTS,
          user: values.RATE_LIMIT_USER,
          socket: values.RATE_LIMIT_SOCKET,
          handshake: values.RATE_LIMIT_HANDSHAKE,
          invites: values.RATE_LIMIT_INVITES,
        })
      : undefined,
  };
}
