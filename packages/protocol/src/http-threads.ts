import * as z from 'zod/mini';
import { zone } from './due.ts';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';
import { decision, run, runWatchAnswer } from './run.ts';
import { locale, message, messageText, thread, threadTitle } from './thread.ts';

/** `listId`: the list with whose members it is shared; null for one's own. */
export const threadResource = z.extend(thread, { id, listId: z.nullable(id) });
export type ThreadResource = z.infer<typeof threadResource>;
export const threadPost = z.strictObject({
  id: z.optional(id),
  listId: z.optional(id),
  title: z.optional(threadTitle),
});
export const threadPatch = z.strictObject({ title: threadTitle.check(z.minLength(1)) });

export const messageResource = z.extend(message, { id, threadId: id });
export type MessageResource = z.infer<typeof messageResource>;

/** `onDisconnect: 'stop'`: only with `Accept: text/event-stream`, the run stops when the reader goes away. */
export const messagePost = z.strictObject({
  id: z.optional(id),
  text: messageText,
  zone: z.optional(zone),
  locale: z.optional(locale),
  fileIds: z.optional(z.array(id).check(z.maxLength(LIMITS.filesInOneMessage))),
  onDisconnect: z.optional(z.enum(['continue', 'stop'])),
});
export const messageSent = z.object({ message: messageResource, runId: id });

/** A run, what it did so far, and the text being written. */
export const runResource = z.extend(z.extend(run, { id, threadId: id }), {
  items: runWatchAnswer.shape.items,
  current: runWatchAnswer.shape.current,
});
export type RunResource = z.infer<typeof runResource>;

export const runDecision = z.strictObject(decision);
