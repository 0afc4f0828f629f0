import { APIError } from 'better-auth/api';
import { betterAuth } from 'better-auth';
import { anonymous, bearer, jwt } from 'better-auth/plugins';
import type { MailRepository } from '@muster/db/repositories/mail.repository';
import { LIMITS } from '@muster/protocol/limits';
import type { Logger } from '@muster/runtime/logger';
import type { Kysely } from 'kysely';
import type { HttpSettings } from '../http/settings.ts';

/** What accounts tell the rest of the gateway. */
export interface AccountEvents {
  /** A session is over: signed out, revoked, expired or its guest became a person. Its sockets close everywhere. */
  sessionEnded(sessionId: string): Promise<void>;
  /** A name or picture changed. */
  profileChanged(user: { id: string; name: string; image: string | null }): Promise<void>;
  /**
   * Hands a guest's work over.
   * @throws where it could not: the guest then stays, and signing in from their session tries again
   */
  guestBecame(guestId: string, user: { id: string; name: string; image: string | null }): Promise<void>;
  /** Somebody has answered a mail to their address: it is known to be theirs. */
  addressVerified(userId: string): Promise<void>;
}

/** The header in which a request's address reaches Better Auth: always ours, never the client's. */
export const ADDRESS_HEADER = 'x-muster-address';
/** A JWT is for calls between services, and says for a quarter of an hour what the session row says at once. */
export const JWT_TTL_S = 900;
const RESET_TTL_S = 3_600;
const VERIFICATION_TTL_S = 86_400;
export const AUTH_PREFIX = '/api/auth';

export type Auth = ReturnType<typeof createAuth>;

/**
 * Accounts and sessions: Better Auth on our own database.
 * @param db its tables are made by our migrations
 */
export function createAuth({
  db,
  settings,
  logger,
  events,
  mails,
}: {
  // Better Auth reads its own tables by name; ours are none of its business.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  db: Kysely<any>;
  settings: Pick<
    HttpSettings,
    'secret' | 'publicUrl' | 'origins' | 'sessionTtlMs' | 'isCookieSecure' | 'cookieSameSite' | 'hasMail'
  >;
  logger: Logger;
  events: AccountEvents;
  mails: MailRepository;
}) {
  const sessionTtlS = Math.floor(settings.sessionTtlMs / 1000);
  const issuer = settings.publicUrl ?? 'muster';
  /** Behind `#`, the way in is in no server's log. */
  const askForPassword = async ({ user, url, token }: { user: { email: string }; url: string; token: string }) => {
    const page = `${new URL(url).origin}/reset-password#${token}`;
    await mails.add('password-reset', user.email, { url: page }, RESET_TTL_S * 1000);
  };
  const askForAddress = async ({ user, url }: { user: { email: string }; url: string }) => {
    await mails.add('verification', user.email, { url }, VERIFICATION_TTL_S * 1000);
  };
  return betterAuth({
    appName: 'Muster',
    secret: settings.secret,
    basePath: AUTH_PREFIX,
    ...(settings.publicUrl === undefined ? {} : { baseURL: settings.publicUrl }),
    database: { db, type: 'postgres' },
    // Our own limits count in Redis for all gateways (http/limits.ts).
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      log: (level, message) => logger[level === 'error' ? 'warn' : 'debug']({ from: 'auth' }, message),
    },
    // Which origins may call is decided before (middleware/cors.ts); this repeats it for redirects.
    trustedOrigins: (request) => [
      ...settings.origins.list,
      ...(request === undefined ? [] : [request.headers.get('origin') ?? ''].filter((origin) => origin !== '')),
    ],
    emailAndPassword: {
      enabled: true,
      autoSignIn: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      // Whoever had the old password is out.
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: RESET_TTL_S,
      ...(settings.hasMail ? { sendResetPassword: askForPassword } : {}),
    },
    ...(settings.hasMail
      ? {
          emailVerification: {
            sendOnSignUp: true,
            expiresIn: VERIFICATION_TTL_S,
            sendVerificationEmail: askForAddress,
            afterEmailVerification: (user: { id: string }) => events.addressVerified(user.id),
          },
        }
      : {}),
    session: {
      expiresIn: sessionTtlS,
      // A session in use is prolonged, but not written at each request.
      updateAge: Math.floor(sessionTtlS / 4),
      // A cookie that vouches for itself would outlive a sign-out.
      cookieCache: { enabled: false },
    },
    advanced: {
      cookiePrefix: 'muster',
      useSecureCookies: settings.isCookieSecure,
      defaultCookieAttributes: { sameSite: settings.cookieSameSite, httpOnly: true },
      database: { generateId: 'uuid' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
    },
    user: { changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    databaseHooks: {
      user: {
        create: { before: async (user) => ({ data: { ...user, ...cleanProfile(user) } }) },
        update: {
          before: async (user) => ({ data: { ...user, ...cleanProfile(user) } }),
          after: async (user) => events.profileChanged({ id: user.id, name: user.name, image: user.image ?? null }),
        },
      },
      session: { delete: { after: async (session) => events.sessionEnded(session.id) } },
    },
    plugins: [
      bearer(),
      jwt({
        // Signing one for each look at the session would cost more than the look.
        disableSettingJwtHeader: true,
        jwt: {
          issuer,
          audience: issuer,
          expirationTime: `${JWT_TTL_S}s`,
          definePayload: ({ session, user }) => ({
            sid: session.id,
            kind: (user as { isAnonymous?: boolean | null }).isAnonymous ? 'guest' : 'person',
          }),
        },
      }),
      anonymous({
        generateName: () => 'Guest',
        // We delete the guest ourselves, once their work is handed over: the plugin would do so after a failure too.
        disableDeleteAnonymousUser: true,
        onLinkAccount: async ({ anonymousUser, newUser, ctx }) => {
          const { id, name, image } = newUser.user;
          try {
            await events.guestBecame(anonymousUser.user.id, { id, name, image: image ?? null });
          } catch (err) {
            logger.error({ err, userId: id }, 'a guest could not be merged');
            // The new session must not reach the browser, which would forget the guest's.
            await ctx.context.internalAdapter.deleteSession(newUser.session.token);
            throw new APIError('SERVICE_UNAVAILABLE', {
              code: 'GUEST_NOT_MERGED',
              message:
                'Your account is there, but your work as a guest could not be moved to it yet. Sign in to try again.',
            });
          }
          await ctx.context.internalAdapter.deleteUser(anonymousUser.user.id);
        },
      }),
    ],
  });
}

/** Names and pictures are shown to others: bounded, and a picture is an address that a page may load. */
function cleanProfile(user: { name?: unknown; image?: unknown }): { name?: string; image?: string | null } {
  const clean: { name?: string; image?: string | null } = {};
  if (user.name !== undefined) {
    const name = typeof user.name === 'string' ? user.name.trim() : '';
    if (name.length === 0 || name.length > LIMITS.nameLength) {
      throw new APIError('BAD_REQUEST', {
        code: 'INVALID_NAME',
        message: `A name has 1 to ${LIMITS.nameLength} characters.`,
      });
    }
    clean.name = name;
  }
  if (user.image !== undefined) {
    const { image } = user;
    const isFit = image === null || image === '' || (typeof image === 'string' && isPictureUrl(image));
    if (!isFit) throw new APIError('BAD_REQUEST', { code: 'INVALID_IMAGE', message: 'A picture is an https address.' });
    clean.image = image === '' ? null : (image as string | null);
  }
  return clean;
}

const isPictureUrl = (text: string): boolean =>
  text.length <= 2_000 && URL.canParse(text) && new URL(text).protocol === 'https:';
