import * as z from 'zod/mini';
import { id, runItemIdSchema, scopeId } from './id.ts';
import { millis } from './list.ts';

export const RUN_STATUSES = ['queued', 'running', 'awaiting_approval', 'completed', 'failed', 'stopped'] as const;
export const runStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof runStatus>;
/** Statuses from which a run never leaves. */
export const isEnded = (status: RunStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'stopped';

export const runError = z.object({ code: z.string(), message: z.string() });
export type RunError = z.infer<typeof runError>;

/** In `thread:<id>`; its id is UUIDv5(namespace: the message's id, name: `run`). */
export const run = z.object({
  messageId: id,
  askerId: id,
  status: runStatus,
  attempt: z.int(),
  error: z.nullable(runError),
  startedAt: z.nullable(millis),
  endedAt: z.nullable(millis),
});
export type Run = z.infer<typeof run>;

export const ITEM_KINDS = ['message', 'tool_call', 'tool_result', 'approval'] as const;
export const itemKind = z.enum(ITEM_KINDS);
export type ItemKind = z.infer<typeof itemKind>;
export const itemState = z.enum(['open', 'done', 'failed']);
export type ItemState = z.infer<typeof itemState>;

/** An entity that a tool call read or changed, for the card's live rows. */
export const touched = z.object({ scope: scopeId, type: z.string(), id: z.string() });
export type Touched = z.infer<typeof touched>;

export const messageBody = z.object({ messageId: id });
export const toolCallBody = z.object({ name: z.string(), args: z.record(z.string(), z.unknown()) });
export const toolResultBody = z.object({ text: z.string(), touched: z.array(touched) });
export const approvalBody = z.object({
  decision: z.nullable(z.enum(['approved', 'declined'])),
  by: z.nullable(id),
  /** It holds for this tool for the rest of the conversation, for as long as who decided may edit. */
  remember: z.optional(z.boolean()),
  /** Nobody was asked: an earlier decision holds for this too. */
  remembered: z.optional(z.boolean()),
});
/** What somebody answers a question of the agent. `remember`: they need not be asked again in this conversation. */
export const decision = {
  callId: z.string().check(z.minLength(1), z.maxLength(200)),
  approve: z.boolean(),
  remember: z.optional(z.boolean()),
};
export const itemBody = z.union([messageBody, toolCallBody, toolResultBody, approvalBody]);
export type MessageBody = z.infer<typeof messageBody>;
export type ToolCallBody = z.infer<typeof toolCallBody>;
export type ToolResultBody = z.infer<typeof toolResultBody>;
export type ApprovalBody = z.infer<typeof approvalBody>;
export type ItemBody = z.infer<typeof itemBody>;

/** In `thread:<id>`; its id is `<runId>:<n>`. An assistant's text lives in its message; the item points to it. */
export const runItem = z.object({
  runId: id,
  n: z.int(),
  kind: itemKind,
  callId: z.nullable(z.string()),
  body: itemBody,
  state: itemState,
});
export type RunItem = z.infer<typeof runItem>;

/** ITEM of the wire: a run_item with its id. */
export const item = z.object({
  id: runItemIdSchema,
  n: z.int(),
  kind: itemKind,
  callId: z.nullable(z.string()),
  body: itemBody,
  state: itemState,
});
export type Item = z.infer<typeof item>;

/** Where a viewer stands in an item's text. The offset counts UTF-16 units. */
export const textPosition = z.object({ itemId: runItemIdSchema, offset: z.int().check(z.minimum(0)) });
export type TextPosition = z.infer<typeof textPosition>;

export const runWatchAnswer = z.object({
  status: runStatus,
  attempt: z.int(),
  items: z.array(item),
  current: z.nullable(z.object({ itemId: runItemIdSchema, offset: z.int(), text: z.string() })),
});
export type RunWatchAnswer = z.infer<typeof runWatchAnswer>;
export const runStatusAnswer = z.object({ status: runStatus });
export type RunStatusAnswer = z.infer<typeof runStatusAnswer>;
