import * as z from 'zod/mini';
import { id } from './id.ts';
import { label } from './label.ts';
import { email, list, listTitle, millis } from './list.ts';
import { profile, role } from './principal.ts';

/** A list as the one who asks sees it: with their own role. */
export const listResource = z.extend(list, { id, role });
export type ListResource = z.infer<typeof listResource>;
export const labelResource = z.extend(label, { id });
/** One list, with the labels that its tasks' `labelIds` name. */
export const listDetail = z.extend(listResource, { labels: z.array(labelResource) });
export type ListDetail = z.infer<typeof listDetail>;

/** `id`: made by the client, where it wants to know it beforehand. */
export const listPost = z.strictObject({ id: z.optional(id), title: listTitle });
export const listPatch = z.strictObject({ title: z.optional(listTitle), archived: z.optional(z.boolean()) });

/** `email` is there for owners only. */
export const memberResource = z.extend(profile, { userId: id, role, email: z.optional(z.string()) });
export type MemberResource = z.infer<typeof memberResource>;
export const memberPost = z.strictObject({ email, role });
/**
 * The same whether or not the address has an account, so that a stranger to the list learns nothing. `isMailed`: this
 * server sends mail.
 */
export const memberInvited = z.object({ email: z.string(), role, isMailed: z.boolean() });
export type MemberInvited = z.infer<typeof memberInvited>;
export const memberPatch = z.strictObject({ role });

/** `mail`: what became of the one that tells of it; `off` where this server sends none. */
export const invitationResource = z.object({
  id,
  email: z.string(),
  role,
  expiresAt: millis,
  mail: z.enum(['off', 'waiting', 'sent', 'failed']),
});
export type InvitationResource = z.infer<typeof invitationResource>;

/** `secret` and `url` are answered to owners only, and there are no others who may read links. */
export const linkResource = z.object({
  id,
  role,
  secret: z.string(),
  url: z.string(),
  createdAt: millis,
  expiresAt: z.nullable(millis),
  uses: z.int(),
});
export type LinkResource = z.infer<typeof linkResource>;
/** A link makes no owners. `expiresAt` left out or null: valid until revoked. */
export const linkPost = z.strictObject({
  role: z.enum(['viewer', 'editor']),
  expiresAt: z.optional(z.nullable(millis)),
});

const secret = z.string().check(z.minLength(16), z.maxLength(200));
export const linkAccept = z.strictObject({ secret });
export const linkPreview = z.strictObject({ secret });
/** What the page of an invite link shows before one accepts. `isMember`: there is nothing to accept. */
export const linkPreviewed = z.object({ listId: id, title: z.string(), role, isMember: z.boolean() });
export const linkAccepted = z.object({ listId: id, role });
