import type { IncomingHttpHeaders } from 'node:http';
import { handshakeAuth } from '@muster/protocol/client-events';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '@muster/protocol/version';
import type { Identities, Identity } from '../auth/identity-types.ts';
import { isTrustedCaller, type Origins } from '../auth/origins.ts';
import type { SocketData } from './session.ts';

export interface HandshakeDeps {
  identities: Identities;
  origins: Origins;
  /** Whose a client id is, where it was used before. */
  findClientOwner(clientId: string): Promise<string | undefined>;
}

/**
 * Who connects, and whether this gateway can speak to them.
 * @param auth what the client sent with its connect packet: anything
 * @throws {MusterError} `upgrade_required`, `unavailable` (newer than us, or no database), `unauthenticated`, `cloned`,
 *   `invalid`
 */
export async function readHandshake(
  { identities, origins, findClientOwner }: HandshakeDeps,
  headers: IncomingHttpHeaders,
  auth: unknown,
): Promise<SocketData> {
  checkProtocol(auth);
  const { clientId, token } = parseOrThrow(handshakeAuth, auth);
  // A page of another origin may neither use this browser's cookie nor bring a token of its own.
  const isTrusted = isTrustedCaller(headers, origins);
  const identity = isTrusted ? await identify(identities, headers, token) : undefined;
  if (identity === undefined) throw new MusterError('unauthenticated', 'Sign in first.');
  const owner = await reaching(findClientOwner(clientId));
  if (owner !== undefined && owner !== identity.userId && !identity.was.includes(owner)) {
    throw new MusterError('cloned', 'This client id belongs to somebody else.');
  }
  return { identity, clientId };
}

/** First of all, and whatever else the client sent: an old page must learn that it is old. */
function checkProtocol(auth: unknown): void {
  const protocol = (auth as { protocol?: unknown } | null | undefined)?.protocol;
  if (typeof protocol !== 'number') return;
  if (protocol < OLDEST_PROTOCOL_VERSION)
    throw new MusterError('upgrade_required', 'This page is too old. Load it again.');
  if (protocol > PROTOCOL_VERSION)
    throw new MusterError('unavailable', 'This server is older than the page. Try again in a moment.');
}

function identify(
  identities: Identities,
  headers: IncomingHttpHeaders,
  token: string | undefined,
): Promise<Identity | undefined> {
  return reaching(token === undefined ? identities.fromHeaders(headers) : identities.fromToken(token));
}

async function reaching<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof MusterError) throw cause;
    throw Object.assign(new MusterError('unavailable', 'Sign-in cannot be checked just now. Try again in a moment.'), {
      cause,
    });
  }
}
