import type { Reader } from '@muster/db/repositories/visible';
import { createAccountRepository } from '@muster/db/repositories/account.repository';
import { createApiTokenRepository } from '@muster/db/repositories/api-token.repository';
import { createMailRepository } from '@muster/db/repositories/mail.repository';
import { createMemberRepository } from '@muster/db/repositories/member.repository';
import type { Kysely } from 'kysely';
import type { GatewayContext } from '../gateway-context.ts';
import { createAccounts } from './accounts.ts';
import { createAuth, type Auth } from './auth.ts';
import { createIdentity } from './identity.ts';
import type { Identities } from './identity-types.ts';

/** Accounts, put together: what `createHttp` and the sockets' handshake need. */
export function createAuthRoom({
  db,
  ...context
}: Pick<GatewayContext, 'settings' | 'logger' | 'commit' | 'bus'> & {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  db: Reader & Kysely<any>;
}): { auth: Auth; identities: Identities } {
  const accountRepository = createAccountRepository(db);
  const tokens = createApiTokenRepository(db);
  const accounts = createAccounts({
    ...context,
    accounts: accountRepository,
    members: createMemberRepository(db),
    tokens,
    emailTrust: context.settings.emailTrust,
  });
  const auth = createAuth({ ...context, db, events: accounts, mails: createMailRepository(db) });
  const identities = createIdentity({ auth, accounts, accountRepository, tokens });
  return { auth, identities };
}
