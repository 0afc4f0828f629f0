import * as z from 'zod/mini';

/** What an account without a password types in its place. */
export const ERASE_WORDS = 'delete my account';

/** Proof that it is really they who want to be erased: their password, or, where they have none, the words. */
export const meDelete = z.strictObject({
  password: z.optional(z.string().check(z.maxLength(1_000))),
  confirm: z.optional(z.literal(ERASE_WORDS)),
});
