import * as z from 'zod/mini';
import { id } from './id.ts';
import { millis } from './list.ts';

/** A personal API token, without its secret. */
export const tokenResource = z.object({
  id,
  name: z.string(),
  createdAt: millis,
  expiresAt: z.nullable(millis),
  lastUsedAt: z.nullable(millis),
});
export type TokenResource = z.infer<typeof tokenResource>;
export const tokenPost = z.strictObject({
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)),
  expiresAt: z.optional(z.nullable(millis)),
});
/** The only time that the secret is told: `Authorization: Bearer <token>`. */
export const tokenMade = z.extend(tokenResource, { token: z.string() });
