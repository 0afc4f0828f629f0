import { MOST_IN_AN_HOUR } from '@muster/db/repositories/mail.repository';
import { MusterError } from '@muster/protocol/error';
import { confirmation, type Confirmation } from '@muster/protocol/http-confirmation';
import type { ApiContext } from '../api-context.ts';
import { ownOrigin, type Context } from '../context.ts';
import { defineRoute } from '../define-route.ts';

const HOUR_MS = 3_600_000;
const tag = 'Account';

/** One's own address: whether it is confirmed, and the mail that asks. */
export const confirmationRoutes = ({ mails, askForAddress, settings }: ApiContext) => {
  const look = async (userId: string) => {
    const found = await mails.findConfirmation(userId);
    if (!found) throw new MusterError('not_found', 'A guest has no address.');
    return found;
  };
  const answer = async (userId: string): Promise<Confirmation> => {
    const { email, isConfirmed, mail, askedAt } = await look(userId);
    const isNeeded = settings.emailTrust === 'verified';
    return { email, isConfirmed, isNeeded, mail: settings.hasMail ? mail : 'off', askedAt };
  };

  return [
    defineRoute({
      method: 'GET',
      path: '/me/confirmation',
      tag,
      summary: 'Whether your e-mail address is confirmed',
      answer: confirmation,
      handle: ({ identity }) => answer(identity.userId),
    }),
    defineRoute({
      method: 'POST',
      path: '/me/confirmation',
      tag,
      summary: 'Have the mail that confirms your address sent again',
      description: `At most ${MOST_IN_AN_HOUR} an hour; for an address that is confirmed, none.`,
      status: 200,
      answer: confirmation,
      handle: async ({ identity: { userId }, ctx }) => {
        const { email, isConfirmed, recent, oldestAt } = await look(userId);
        if (isConfirmed) return answer(userId);
        if (!settings.hasMail) {
          throw new MusterError(
            'conflict',
            'This server sends no mail, so there is none that could confirm an address.',
          );
        }
        if (recent >= MOST_IN_AN_HOUR) {
          const retryAfterMs = Math.max(1_000, (oldestAt ?? 0) + HOUR_MS - Date.now());
          throw new MusterError('rate_limited', 'That were enough mails for an hour. Look among the unwanted ones.', {
            retryAfterMs,
          });
        }
        await askForAddress(email, headersOf(ctx), settings.publicUrl ?? ownOrigin(ctx));
        return answer(userId);
      },
    }),
  ];
};

/** Who asks, as Better Auth reads it. */
const headersOf = (ctx: Context): Record<string, string> => ({
  ...(ctx.get('cookie') ? { cookie: ctx.get('cookie') } : {}),
  ...(ctx.get('authorization') ? { authorization: ctx.get('authorization') } : {}),
});
