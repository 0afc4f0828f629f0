import type { AgentInputItem } from '@openai/agents';
import type { ItemWithText, ThreadMessage } from '@muster/db/repositories/run-work.repository';
import type { ToolCallBody, ToolResultBody } from '@muster/protocol/run';

/** How much of a conversation the model gets to read again. */
export const HISTORY = {
  /** Messages of people, with what was answered to each. */
  messages: 20,
  /** UTF-16 units of all earlier messages and answers together. */
  units: 60_000,
  /** A result of an earlier run is cut to this: what it says has grown old anyway. */
  oldResultUnits: 2_000,
} as const;

/**
 * The conversation as the model's input: what people asked and what earlier runs said and did, oldest first and bounded,
 * then the message to answer and what this run has done so far.
 */
export function toModelInput({
  asked,
  answered,
  own,
  askerId,
}: {
  /** Messages of people up to the one to answer, which is the last. */
  asked: ThreadMessage[];
  /** Items of the runs that answered the earlier ones. */
  answered: readonly ItemWithText[];
  /** What this run has done so far. */
  own: readonly ItemWithText[];
  askerId: string;
}): AgentInputItem[] {
  const byRun = Map.groupBy(answered, (item) => item.runId);
  const current = asked.at(-1);
  const input: AgentInputItem[] = current ? turnOf(current, own, askerId, false) : [];

  let left: number = HISTORY.units;
  for (const message of asked.slice(0, -1).reverse()) {
    const turn = turnOf(message, (message.runId !== null && byRun.get(message.runId)) || [], askerId, true);
    left -= JSON.stringify(turn).length;
    // Whole turns only: half of one would leave a call without its result, which providers refuse.
    if (left < 0) break;
    input.unshift(...turn);
  }
  return input;
}

function turnOf(
  message: ThreadMessage,
  items: readonly ItemWithText[],
  askerId: string,
  isOld: boolean,
): AgentInputItem[] {
  const inOrder = items.toSorted((a, b) => a.n - b.n);
  return [said(message, askerId), ...inOrder.flatMap((item) => toInput(item, inOrder, isOld))];
}

/** In a shared conversation the model must know who says what. */
const said = (message: ThreadMessage, askerId: string): AgentInputItem => ({
  role: 'user',
  content:
    message.authorId === askerId ? message.text : `${message.authorName ?? 'Someone else'} says: ${message.text}`,
});

function toInput(item: ItemWithText, run: ItemWithText[], isOld: boolean): AgentInputItem[] {
  if (item.kind === 'message') {
    return item.text
      ? [
          {
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: item.text }],
          },
        ]
      : [];
  }
  if (item.kind !== 'tool_call' || item.callId === null) return [];
  const { callId } = item;
  const result = run.find((other) => other.kind === 'tool_result' && other.callId === callId);
  // A call that was never finished, of a run that was stopped: a model must not see it without a result.
  if (!result) return [];
  const { name, args } = item.body as ToolCallBody;
  const { text } = result.body as ToolResultBody;
  return [
    { type: 'function_call', callId, name, status: 'completed', arguments: JSON.stringify(args) },
    {
      type: 'function_call_result',
      callId,
      name,
      status: 'completed',
      output: { type: 'text', text: isOld ? cut(text) : text },
    },
  ];
}

const cut = (text: string): string =>
  text.length <= HISTORY.oldResultUnits
    ? text
    : JSON.stringify({
        cut: 'This result is old and was shortened. Call the tool again.',
        begins: text.slice(0, HISTORY.oldResultUnits),
      });
