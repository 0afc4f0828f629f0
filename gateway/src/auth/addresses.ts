import { MusterError } from '@muster/protocol/error';
import { AUTH_PREFIX, type Auth } from './auth.ts';

/** Has Better Auth write the mail that asks whether an address is theirs. */
export type AskForAddress = (email: string, headers: Record<string, string>, own: string) => Promise<void>;

export const createAskForAddress =
  (auth: Auth): AskForAddress =>
  async (email, headers, own) => {
    const { origin } = new URL(own);
    const answer = await auth.handler(
      new Request(`${origin}${AUTH_PREFIX}/send-verification-email`, {
        method: 'POST',
        headers: { ...headers, origin, 'content-type': 'application/json' },
        body: JSON.stringify({ email, callbackURL: '/settings' }),
      }),
    );
    if (!answer.ok) throw new MusterError('internal', `The mail was answered ${answer.status}.`);
  };
