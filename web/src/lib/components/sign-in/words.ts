import { MusterError } from '@muster/protocol/error';

/** What went wrong at the door, in words that say what to do. */
export function entryFault(error: unknown): string {
  if (!(error instanceof MusterError)) throw error;
  const said = error.details?.['said'];
  if (said === 'INVALID_EMAIL_OR_PASSWORD') return 'The e-mail address or the password is not right.';
  if (typeof said === 'string' && said.startsWith('USER_ALREADY_EXISTS'))
    return 'There is an account with this address already. Sign in instead.';
  if (said === 'PASSWORD_TOO_SHORT') return 'The password needs at least 8 characters.';
  if (said === 'RESET_PASSWORD_DISABLED')
    return 'No mail is sent from here. Ask whoever runs this Muster: they can give you a link.';
  if (said === 'PASSWORD_TOO_LONG') return 'The password is too long.';
  if (said === 'INVALID_EMAIL') return 'This does not look like an e-mail address.';
  if (error.code === 'unavailable') return 'The server cannot be reached. Nothing was lost; try again in a moment.';
  if (error.code === 'rate_limited') return 'Too many tries in a short time. Wait a minute, then try again.';
  return error.message;
}
