import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import type { Commit } from '@muster/db/commit/types';
import type { AccountRepository } from '@muster/db/repositories/account.repository';
import type { ApiTokenRepository } from '@muster/db/repositories/api-token.repository';
import type { MemberRepository } from '@muster/db/repositories/member.repository';
import type { Logger } from '@muster/runtime/logger';
import type { Bus } from '../bus/bus-types.ts';
import type { AccountEvents } from './auth.ts';

export interface Account {
  id: string;
  kind: 'person' | 'guest';
  name: string;
  image: string | null;
}

/** What becomes of accounts in our own tables. */
export interface Accounts extends AccountEvents {
  /**
   * The first request of an account makes what it needs to act, and takes up the invitations that wait for its address.
   * @returns the guests that became this person; undefined where the account itself was merged into another
   */
  ensure(account: Account): Promise<{ was: string[] } | undefined>;
}

export function createAccounts({
  accounts,
  members,
  tokens,
  commit,
  bus,
  logger,
  emailTrust,
}: {
  accounts: AccountRepository;
  members: MemberRepository;
  tokens: ApiTokenRepository;
  commit: Commit;
  bus: Pick<Bus, 'closeSession' | 'announceProfile'>;
  logger: Logger;
  emailTrust: 'sign-up' | 'verified';
}): Accounts {
  /** Each is a commit of its own: one that ended meanwhile does no harm to the rest. */
  const takeInvitations = async (account: Account): Promise<void> => {
    const waiting = await members.listInvitationsFor(account.id, { onlyVerified: emailTrust === 'verified' });
    for (const args of waiting) {
      const outcome = await commit({
        actor: { id: account.id, kind: account.kind },
        commands: [{ name: 'invitation.take', args }],
        trusted: true,
      });
      if (outcome.status === 'rejected')
        logger.info({ userId: account.id, code: outcome.error.code }, 'invitation not taken');
    }
  };

  return {
    ensure: async (account) => {
      const { mergedInto, was } = await accounts.ensure(account);
      if (mergedInto !== null) return undefined;
      // A failed invitation must not keep anyone out: it waits, and the next session looks again.
      if (account.kind === 'person') {
        await takeInvitations(account).catch((err: unknown) =>
          logger.warn({ err, userId: account.id }, 'invitations wait'),
        );
      }
      return { was };
    },

    addressVerified: async (userId) => {
      const user = await accounts.findUser(userId);
      if (user) await takeInvitations(user);
    },

    sessionEnded: async (sessionId) => bus.closeSession(sessionId),

    profileChanged: async ({ id, name, image }) => {
      const changed = await accounts.updateProfile(id, { name, image });
      if (changed) bus.announceProfile(id, { name, image, kind: changed.kind }, changed.scopes);
    },

    guestBecame: async (guestId, user) => {
      await accounts.ensure({ id: guestId, kind: 'guest', name: 'Guest', image: null });
      await accounts.ensure({ ...user, kind: 'person' });
      const outcome = await commit({
        actor: { id: user.id, kind: 'person' },
        commands: [{ name: 'guest.merge', args: { guestId } }],
        trusted: true,
      });
      if (outcome.status === 'rejected') throw outcome.error;
      if (outcome.status !== 'applied') throw new MusterError('internal', `The merge was answered ${outcome.status}.`);
      for (const tokenId of await tokens.handOver(guestId, user.id)) bus.closeSession(tokenId);
      logger.info({ userId: user.id, guestId, scope: scopeOf('user', guestId) }, 'guest merged');
    },
  };
}
