import type { IncomingMessage } from 'node:http';

/** The client's address, as far as the proxies in front are believed. */
export function addressOf({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const peer = socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return peer;
  const named = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  // The last names were written by our own proxies, the first ones by anybody.
  return named.at(-trustedProxies) ?? named[0] ?? peer;
}
