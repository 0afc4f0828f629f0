import * as z from 'zod/mini';
import { zone } from './due.ts';
import { id, seq } from './id.ts';
import { role } from './principal.ts';
import { locale } from './thread.ts';

/** In `user:<id>`; its id is the list's. The sidebar is the memberships. */
export const membership = z.object({ role, pos: z.string(), muted: z.boolean(), seenSeq: seq });
export type Membership = z.infer<typeof membership>;

export const settings = z.object({
  locale: z.nullable(z.string()),
  zone: z.nullable(z.string()),
  weekStart: z.int().check(z.minimum(0), z.maximum(6)),
  theme: z.enum(['system', 'light', 'dark']),
  singleKeys: z.boolean(),
  /** Whether a mail tells of a list that somebody shared with them. */
  shareMails: z.boolean(),
});
export type Settings = z.infer<typeof settings>;
export const DEFAULT_SETTINGS: Settings = {
  locale: null,
  zone: null,
  weekStart: 1,
  theme: 'system',
  singleKeys: true,
  shareMails: true,
};

/** A fractional key: see domain/ordering. */
export const pos = z.string().check(z.regex(/^[0-9A-Za-z]+$/), z.maxLength(64));

export const membershipUpdateArgs = z.strictObject({
  listId: id,
  fields: z.strictObject({ pos: z.optional(pos), muted: z.optional(z.boolean()), seenSeq: z.optional(seq) }),
});
export const settingsUpdateArgs = z.strictObject({
  fields: z.strictObject({
    locale: z.optional(z.nullable(locale)),
    zone: z.optional(z.nullable(zone)),
    weekStart: z.optional(z.int().check(z.minimum(0), z.maximum(6))),
    theme: z.optional(z.enum(['system', 'light', 'dark'])),
    singleKeys: z.optional(z.boolean()),
    shareMails: z.optional(z.boolean()),
  }),
});
