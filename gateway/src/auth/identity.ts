import type { IncomingHttpHeaders } from 'node:http';
import type { ApiTokenRepository } from '@muster/db/repositories/api-token.repository';
import type { AccountRepository } from '@muster/db/repositories/account.repository';
import type { Auth } from './auth.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Identities, Identity } from './identity-types.ts';
import { hashSecret } from './secrets.ts';

/** A personal API token's first characters: told apart from sessions and JWTs, and found by secret scanners. */
export const API_TOKEN_PREFIX = 'mst_';
/** For tokens that never expire: the largest time that a Date holds. */
const NEVER = 8_640_000_000_000_000;
const BEARER = /^Bearer +(\S{1,4096})$/i;
/** How many accounts this process remembers to have seen, so that each is ensured about once. */
const REMEMBERED = 10_000;

/** Turns credentials into who asks. Whatever is not valid (tampered, expired, revoked, merged) is nobody. */
export function createIdentity({
  auth,
  accounts,
  accountRepository,
  tokens,
}: {
  auth: Auth;
  accounts: Accounts;
  accountRepository: AccountRepository;
  tokens: ApiTokenRepository;
}): Identities {
  // By session: a new session looks for invitations and merged guests again.
  const ensured = new Map<string, string[]>();

  const admit = async (account: Account, sessionId: string, expiresAt: number): Promise<Identity | undefined> => {
    let was = ensured.get(sessionId);
    if (was === undefined) {
      const made = await accounts.ensure(account);
      if (made === undefined) return undefined;
      was = made.was;
      if (ensured.size >= REMEMBERED) ensured.delete(ensured.keys().next().value as string);
      ensured.set(sessionId, was);
    }
    return { userId: account.id, kind: account.kind, sessionId, expiresAt, was };
  };

  const fromSession = async (headers: Headers): Promise<Identity | undefined> => {
    const found = await auth.api.getSession({ headers });
    if (found === null) return undefined;
    const { user, session } = found;
    return admit(accountOf(user), session.id, session.expiresAt.getTime());
  };

  const fromApiToken = async (token: string): Promise<Identity | undefined> => {
    const found = await tokens.findOwner(hashSecret(token));
    const user = found && (await accountRepository.findUser(found.principalId));
    if (!found || !user) return undefined;
    return admit(user, found.id, found.expiresAt ?? NEVER);
  };

  const fromJwt = async (token: string): Promise<Identity | undefined> => {
    const { payload } = await auth.api.verifyJWT({ body: { token } });
    const { sub, sid, exp } = (payload ?? {}) as { sub?: unknown; sid?: unknown; exp?: unknown };
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') return undefined;
    // A signature says who it was made for; only the session's row says that they are still signed in.
    const session = await accountRepository.findSession(sid);
    if (session === undefined || session.user.id !== sub) return undefined;
    return admit(session.user, sid, Math.min(exp * 1000, session.expiresAt));
  };

  const fromToken = (token: string): Promise<Identity | undefined> => {
    if (token.startsWith(API_TOKEN_PREFIX)) return fromApiToken(token);
    if (token.split('.').length === 3) return fromJwt(token);
    return fromSession(new Headers({ authorization: `Bearer ${token}` }));
  };

  return {
    fromToken,
    fromHeaders: async (headers: IncomingHttpHeaders) => {
      if (headers.authorization !== undefined) {
        const token = BEARER.exec(headers.authorization)?.[1];
        return token === undefined ? undefined : fromToken(token);
      }
      return headers.cookie === undefined ? undefined : fromSession(new Headers({ cookie: headers.cookie }));
    },
  };
}

const accountOf = (user: {
  id: string;
  name: string;
  image?: string | null | undefined;
  isAnonymous?: boolean | null | undefined;
}): Account => ({
  id: user.id,
  kind: user.isAnonymous ? 'guest' : 'person',
  name: user.name,
  image: user.image ?? null,
});
