import * as z from 'zod/mini';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';
import { role } from './principal.ts';

export const millis = z.int().check(z.minimum(0));
export const listTitle = z.string().check(z.trim(), z.minLength(1), z.maxLength(LIMITS.listTitleLength));

export const list = z.object({ title: z.string(), archivedAt: z.nullable(millis), createdAt: millis });
export type List = z.infer<typeof list>;

/** In `list:<id>`; its id is the principal's. */
export const member = z.object({ role });
export type Member = z.infer<typeof member>;

export const listCreateArgs = z.strictObject({ id, title: listTitle });
export const listRenameArgs = z.strictObject({ id, title: listTitle });
export const listArchiveArgs = z.strictObject({ id, archived: z.boolean() });
export const listDeleteArgs = z.strictObject({ id });

export const email = z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254), z.email());
export const memberInviteArgs = z.strictObject({ listId: id, email, role });
export const memberSetRoleArgs = z.strictObject({ listId: id, userId: id, role });
export const memberRemoveArgs = z.strictObject({ listId: id, userId: id });
