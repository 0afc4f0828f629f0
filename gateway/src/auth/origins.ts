/**
 * Which pages of other origins may speak to us with a person's cookie. One answer for CORS, for what changes something
 * over HTTP, and for the handshake of a socket.
 */
export interface Origins {
  /**
   * @param origin the request's `Origin` header
   * @param host the request's `Host` header: a page may always speak to the server that it came from
   */
  isAllowed(origin: string, host: string | undefined): boolean;
  /** Every allowed origin beside the server's own, as written in the settings. */
  list: readonly string[];
}

const WILDCARD = '*';

/** `https://a.example/` and `HTTPS://A.example` are one origin. Undefined for what is none. */
export function normalizeOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

/**
 * @param allowed exact origins; trailing slashes are tolerated; `*` in development only
 * @throws {Error} naming what is not an origin, or a wildcard where it is not allowed
 */
export function createOrigins({
  allowed,
  publicUrl,
  isProduction,
}: {
  allowed: readonly string[];
  publicUrl?: string | undefined;
  isProduction: boolean;
}): Origins {
  const isOpen = allowed.includes(WILDCARD);
  if (isOpen && isProduction) throw new Error('ALLOWED_ORIGINS: * is for development; name the origins');
  const origins = new Set<string>();
  for (const entry of [...allowed.filter((entry) => entry !== WILDCARD), ...(publicUrl ? [publicUrl] : [])]) {
    const origin = normalizeOrigin(entry);
    if (origin === undefined)
      throw new Error(`ALLOWED_ORIGINS: ${entry} is not an origin such as https://muster.example`);
    origins.add(origin);
  }
  return {
    list: [...origins],
    isAllowed: (origin, host) => {
      const normalized = normalizeOrigin(origin);
      if (normalized === undefined) return false;
      return (
        isOpen || origins.has(normalized) || (host !== undefined && new URL(normalized).host === host.toLowerCase())
      );
    },
  };
}

/**
 * Whether a request that carries a cookie and changes something was made by a page that may, or by a script. Every
 * browser names the origin of such a request; a request that names none, and carries none of the headers that only
 * browsers send, comes from a script, which has no cookies of a victim to abuse.
 */
export function isTrustedCaller(
  headers: {
    origin?: string | undefined;
    referer?: string | undefined;
    host?: string | undefined;
    'sec-fetch-site'?: unknown;
  },
  origins: Origins,
): boolean {
  const { origin, referer, host } = headers;
  if (origin !== undefined) return origins.isAllowed(origin, host);
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return referer === undefined || origins.isAllowed(referer, host);
}
