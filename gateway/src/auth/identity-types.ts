import type { IncomingHttpHeaders } from 'node:http';

/** Who asks, as their session says: never a header's or a body's word. */
export interface Identity {
  userId: string;
  kind: 'person' | 'guest';
  /** The session, or the API token, that this rests on: when it ends, sockets opened with it close. */
  sessionId: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Guests that became this person. */
  was: string[];
}

export interface Identities {
  /** By `Authorization: Bearer`, else by the session cookie. Undefined for nobody, and for whatever is not valid. */
  fromHeaders(headers: IncomingHttpHeaders): Promise<Identity | undefined>;
  /** By a session's token, a JWT or a personal API token. */
  fromToken(token: string): Promise<Identity | undefined>;
}
