import { parseScope } from '@muster/protocol/id';
import type {
  ApprovalBody,
  Item,
  MessageBody,
  RunItem,
  ToolCallBody,
  ToolResultBody,
  Touched,
} from '@muster/protocol/run';

/** A piece of an answer, in the order it came: words, or a tool's card. */
export type RunPart =
  | { kind: 'words'; key: string; text: string; isWriting: boolean }
  | {
      kind: 'call';
      key: string;
      name: string;
      args: Record<string, unknown>;
      result: string | undefined;
      touched: Touched[];
      /** It waits, or waited, for somebody to agree. */
      approval: ({ callId: string } & ApprovalBody) | undefined;
    };

interface Source {
  items: readonly (Item | ({ id: string } & RunItem))[];
  current: { itemId: string; text: string } | null;
  /** The text of a message that has ended. */
  messageText: (messageId: string) => string | undefined;
  /** What was last seen of an item's text while it streamed: bridges the moment until its message has come. */
  lastText: (itemId: string) => string | undefined;
  isRunning: boolean;
}

/** Lays a run's items out for reading: each tool call with its result, each message with its text, live or stored. */
export function runParts({ items, current, messageText, lastText, isRunning }: Source): RunPart[] {
  const ordered = items.toSorted((a, b) => a.n - b.n);
  const results = new Map<string, ToolResultBody>();
  for (const { kind, callId, body } of ordered)
    if (kind === 'tool_result' && callId) results.set(callId, body as ToolResultBody);
  const approvals = new Map<string, ApprovalBody>();
  for (const { kind, callId, body } of ordered)
    if (kind === 'approval' && callId) approvals.set(callId, body as ApprovalBody);
  const parts: RunPart[] = [];
  for (const item of ordered) {
    if (item.kind === 'tool_call') {
      const { name, args } = item.body as ToolCallBody;
      const result = item.callId ? results.get(item.callId) : undefined;
      const asked = item.callId === null ? undefined : approvals.get(item.callId);
      const approval = asked && { ...asked, callId: item.callId ?? '' };
      parts.push({
        ...{ kind: 'call', key: item.id, name, args, approval },
        ...{ result: result?.text, touched: result?.touched ?? [] },
      });
    } else if (item.kind === 'message') {
      const isCurrent = current?.itemId === item.id;
      const stored = messageText((item.body as MessageBody).messageId);
      const text = isCurrent ? current.text : (stored ?? lastText(item.id) ?? '');
      const isWriting = isCurrent && isRunning;
      if (text !== '' || isWriting) parts.push({ kind: 'words', key: item.id, text, isWriting });
    }
  }
  // The first words may come before their item does.
  if (
    current &&
    !parts.some((part) => part.key === current.itemId) &&
    !ordered.some((item) => item.id === current.itemId)
  ) {
    parts.push({ kind: 'words', key: current.itemId, text: current.text, isWriting: isRunning });
  }
  return parts;
}

const CHANGING = new Set(['add_tasks', 'update_task', 'complete_task', 'move_task', 'delete_task']);

/** The lists in which a run changed something, by its cards. */
export const changedLists = (parts: readonly RunPart[]): string[] => [
  ...new Set(
    parts.flatMap((part) =>
      part.kind === 'call' && CHANGING.has(part.name)
        ? part.touched.filter(({ type }) => type === 'task').map(({ scope }) => parseScope(scope).id)
        : [],
    ),
  ),
];

/** How often a run waited for somebody: each time, it goes on by a new attempt, and was not interrupted. */
export function countWaits(items: readonly Pick<Item, 'n' | 'kind' | 'body'>[]): number {
  const numbers = items
    .filter(({ kind, body }) => kind === 'approval' && !(body as ApprovalBody).remembered)
    .map(({ n }) => n);
  return numbers.filter((n) => !numbers.includes(n - 1)).length;
}

/** The answer as plain words, for screen readers once it is finished. */
export const wordsOf = (parts: readonly RunPart[]): string =>
  parts.flatMap((part) => (part.kind === 'words' ? [part.text] : [])).join('\n');
