import * as z from 'zod/mini';
import { zone } from './due.ts';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';
import { millis } from './list.ts';

export const threadTitle = z.string().check(z.trim(), z.maxLength(LIMITS.threadTitleLength));

/** In its `list:<id>`, shared with the list's members, or in the `user:<id>` of its one owner. */
export const thread = z.object({
  kind: z.enum(['chat']),
  title: z.string(),
  status: z.enum(['open', 'archived']),
  createdAt: millis,
  createdBy: id,
});
export type Thread = z.infer<typeof thread>;

export const messagePart = z.object({ type: z.literal('text'), text: z.string() });

/** In `thread:<id>`. `text` is the plain reading of `parts`. */
export const message = z.object({
  role: z.enum(['user', 'assistant']),
  authorId: id,
  parts: z.array(messagePart),
  text: z.string(),
  parentId: z.nullable(id),
  runId: z.nullable(id),
  fileIds: z.array(id),
  createdAt: millis,
});
export type Message = z.infer<typeof message>;

export const threadCreateArgs = z.strictObject({ id, listId: z.optional(id), title: z.optional(threadTitle) });
export const threadRenameArgs = z.strictObject({ id, title: threadTitle.check(z.minLength(1)) });
export const threadDeleteArgs = z.strictObject({ id });

export const locale = z.string().check(z.regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.maxLength(35));
export const messageText = z.string().check(
  z.maxLength(LIMITS.messageLength),
  z.refine((text) => text.trim().length > 0, { error: 'must not be empty' }),
);
export const messageSendArgs = z.strictObject({
  id,
  threadId: id,
  text: messageText,
  zone: z.optional(zone),
  locale: z.optional(locale),
  fileIds: z.optional(z.array(id).check(z.maxLength(LIMITS.filesInOneMessage))),
});
