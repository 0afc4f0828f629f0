import type { Auth } from './auth.ts';

export interface Passwords {
  /** Whether this is the account's password; undefined where it has none (guests). */
  verify(userId: string, password: string): Promise<boolean | undefined>;
}

export const createPasswords = (auth: Auth): Passwords => ({
  verify: async (userId, password) => {
    const { internalAdapter, password: hasher } = await auth.$context;
    const accounts = await internalAdapter.findAccounts(userId);
    const hash = accounts.find(({ providerId }) => providerId === 'credential')?.password;
    if (hash === undefined || hash === null) return undefined;
    return hasher.verify({ hash, password });
  },
});
