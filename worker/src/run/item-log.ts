import type { ItemWithText } from '@muster/db/repositories/run-work.repository';
import { runItemId } from '@muster/protocol/id';
import type { ApprovalBody, Item, ToolCallBody, ToolResultBody } from '@muster/protocol/run';
import { messageIdOf } from '@muster/domain/run-ids';

/** A tool call as it was committed. */
export interface LoggedCall {
  n: number;
  callId: string;
  name: string;
  args: Record<string, unknown>;
}

/** What a run has committed so far, and the numbers of what comes next. */
export interface ItemLog {
  readonly items: readonly ItemWithText[];
  readonly nextN: number;
  /** Calls without a result: the next attempt finishes them first, under their old call id. */
  openCalls(): LoggedCall[];
  findCall(callId: string): LoggedCall | undefined;
  /** A call's result, as the model got it. */
  findResult(callId: string): string | undefined;
  hasCall(callId: string): boolean;
  /** What somebody said of a call that waited for it; undefined where nobody was asked yet. */
  findDecision(callId: string): ApprovalBody['decision'] | undefined;
  /** Whether the model has said its last: its words are committed together with the calls of the same turn. */
  readonly isAnswered: boolean;
  /** Takes up items that were just committed. */
  add(items: { item: Item; text?: string }[]): void;
}

export function createItemLog(runId: string, committed: ItemWithText[]): ItemLog {
  const byN = new Map(committed.map((item) => [item.n, item]));
  const all = (): ItemWithText[] => [...byN.values()].sort((a, b) => a.n - b.n);
  const find = (kind: Item['kind'], callId: string): ItemWithText | undefined =>
    all().find((item) => item.kind === kind && item.callId === callId);
  const toCall = (item: ItemWithText): LoggedCall => ({
    n: item.n,
    callId: item.callId ?? '',
    ...(item.body as ToolCallBody),
  });
  return {
    get items() {
      return all();
    },
    get nextN() {
      return Math.max(-1, ...byN.keys()) + 1;
    },
    openCalls: () =>
      all()
        .filter((item) => item.kind === 'tool_call' && find('tool_result', item.callId ?? '') === undefined)
        .map(toCall),
    findCall: (callId) => {
      const item = find('tool_call', callId);
      return item && toCall(item);
    },
    findResult: (callId) => (find('tool_result', callId)?.body as ToolResultBody | undefined)?.text,
    hasCall: (callId) => find('tool_call', callId) !== undefined,
    findDecision: (callId) => (find('approval', callId)?.body as ApprovalBody | undefined)?.decision,
    get isAnswered() {
      return all().at(-1)?.kind === 'message';
    },
    add(items) {
      for (const { item, text } of items)
        byN.set(item.n, { ...item, runId, text: text ?? byN.get(item.n)?.text ?? null });
    },
  };
}

export const messageItem = (runId: string, n: number, state: Item['state']): Item => ({
  id: runItemId(runId, n),
  n,
  kind: 'message',
  callId: null,
  body: { messageId: messageIdOf(runId, n) },
  state,
});

export const callItem = (runId: string, call: LoggedCall, state: Item['state']): Item => ({
  id: runItemId(runId, call.n),
  n: call.n,
  kind: 'tool_call',
  callId: call.callId,
  body: { name: call.name, args: call.args },
  state,
});

/** @param body what was decided before, and holds for this call too; left out: it is still to be decided */
export const approvalItem = (runId: string, n: number, callId: string, body?: ApprovalBody): Item => ({
  id: runItemId(runId, n),
  n,
  kind: 'approval',
  callId,
  body: body ?? { decision: null, by: null },
  state: body ? 'done' : 'open',
});

export const resultItem = (
  runId: string,
  n: number,
  callId: string,
  body: ToolResultBody,
  state: Item['state'],
): Item => ({ id: runItemId(runId, n), n, kind: 'tool_result', callId, body, state });
