import * as z from 'zod/mini';

/** What an account without a password types in its place. */
export const ERASE_WORDS = 'delete my account';

/** Whether whoever had this id was erased: their other devices ask, once nobody is signed in there any more. */
export const erasedAnswer = z.object({ isErased: z.boolean() });

/** Proof that it is really they who want to be erased: their password, or, where they have none, the words. */
export const meDelete = z.strictObject({
  password: z.optional(z.string().check(z.maxLength(1_000))),
  confirm: z.optional(z.literal(ERASE_WORDS)),
});
