import type { ListRead, ToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { findTool } from '@muster/domain/tools/registry';
import type { ToolError, ToolPlan } from '@muster/domain/tools/tool';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import type { ApprovalBody, ToolResultBody } from '@muster/protocol/run';
import type { Logger } from '@muster/runtime/logger';
import { v5 } from 'uuid';
import type { AttemptGuard } from '../run/attempt-guard.ts';
import { approvalItem, callItem, resultItem, type ItemLog, type LoggedCall } from '../run/item-log.ts';
import type { RunCommit } from '../run/run-commit.ts';
import type { RunWriter } from '../run/run-writer.ts';

/** Executes the calls of one attempt, each exactly once in the life of its run. */
export interface ToolExecutor {
  /**
   * Does what a logged call asks for, and returns its result for the model. Where an attempt before this one did it
   * already, its result is read.
   *
   * @throws {Interruption} where the attempt must not go on
   */
  execute(callId: string): Promise<string>;
  /**
   * Whether a logged call must not be done yet, since nobody was asked whether it may. Decided ones need no more, nor what
   * somebody decided for the whole conversation.
   */
  needsApproval(callId: string): Promise<boolean>;
  /** Whether that is what {@link needsApproval} has answered for a call in this attempt. */
  isWaiting(callId: string): boolean;
}

export interface ToolExecutorDeps {
  guard: AttemptGuard;
  log: ItemLog;
  commit: RunCommit;
  writer: RunWriter;
  lists: ToolListRepository;
  logger: Logger;
  askerId: string;
  /** Whose the thread is: in a list's thread the tools work on that list alone. */
  holder: ScopeId;
  /** What somebody decided for a tool, for the whole conversation. */
  findRemembered: (tool: string) => Promise<ApprovalBody | undefined>;
  zone: string;
  now: () => number;
  onCall?: (call: { name: string; outcome: string; seconds: number }) => void;
}

interface Executed {
  plan: ToolPlan | undefined;
  list: ListRead | undefined;
  body: ToolResultBody;
  error: MusterError | undefined;
}

export function createToolExecutor(deps: ToolExecutorDeps): ToolExecutor {
  const { guard, log, commit, writer, askerId } = deps;
  const { runId } = guard;
  /** The seq at which the model last saw a task: what it has not seen since must not be overwritten. */
  const seen = new Map<string, number>();
  const waiting = new Set<string>();
  let tail: Promise<unknown> = Promise.resolve();

  const plan = async (call: LoggedCall): Promise<Executed> => {
    let list: ListRead | undefined;
    try {
      const tool = findTool(call.name);
      if (!tool) throw new MusterError('not_found', `There is no tool called ${call.name}.`);
      const args = parseOrThrow(tool.args, call.args);
      list = await resolveList(deps, (args as { list?: string | null }).list ?? null);
      let made = 0;
      const plan = tool.plan(args, {
        list,
        askerId,
        now: deps.now(),
        zone: deps.zone,
        // The same ids whoever finishes the call: done twice, it would still make the same tasks.
        newId: () => v5(`${call.callId}:${made++}`, runId),
      });
      return { plan, list, body: { text: JSON.stringify(plan.answer), touched: plan.touched }, error: undefined };
    } catch (error) {
      if (!(error instanceof MusterError) || error.retryable) throw error;
      return { plan: undefined, list, body: refusal(error), error };
    }
  };

  const settle = async (call: LoggedCall, executed: Executed): Promise<{ text: string; outcome: string }> => {
    const n = log.nextN;
    const record = async (state: 'done' | 'failed', body: ToolResultBody) => {
      const items = [callItem(runId, call, state), resultItem(runId, n, call.callId, body, state)];
      const commands = state === 'failed' ? [] : baseOf(executed, seen);
      const outcome = await commit.call({ callId: call.callId, commands, items });
      // Answered `duplicate`, it is this very submission whose first answer was lost on the way.
      if (outcome.status !== 'refused') {
        log.add(items.map((item) => ({ item })));
        await writer.items(items);
      }
      return outcome;
    };

    if (!executed.error) {
      const outcome = await record('done', executed.body);
      if (outcome.status === 'applied') {
        remember(seen, executed, outcome.seqs);
        return { text: executed.body.text, outcome: 'done' };
      }
      if (outcome.status === 'duplicate') return { text: executed.body.text, outcome: 'duplicate' };
      executed.error = outcome.error;
      executed.body = refusal(outcome.error);
    }
    await record('failed', executed.body);
    return { text: executed.body.text, outcome: executed.error.code };
  };

  const isDeclined = (call: LoggedCall): boolean => log.findDecision(call.callId) === 'declined';

  const execute = async (callId: string): Promise<string> => {
    const known = log.findResult(callId);
    if (known !== undefined) return known;
    const call = log.findCall(callId);
    if (!call) throw new Error('a call was executed before it was logged');
    await guard.check();
    const startedAt = performance.now();
    const executed = isDeclined(call) ? { ...DECLINED } : await plan(call);
    // Reading may have taken its time: nothing is done for somebody who has said stop meanwhile.
    await guard.check();
    const { text, outcome } = await settle(call, executed);
    const ms = Math.round(performance.now() - startedAt);
    deps.logger.info(
      { runId, callId, tool: call.name, askerId, listId: executed.list?.id ?? null, outcome, ms },
      'tool call',
    );
    deps.onCall?.({ name: findTool(call.name) ? call.name : 'unknown', outcome, seconds: ms / 1000 });
    return text;
  };

  const needsApproval = async (callId: string): Promise<boolean> => {
    const call = log.findCall(callId);
    const tool = call && findTool(call.name);
    if (!tool?.needsApproval || (log.findDecision(callId) ?? null) !== null) return false;
    const { plan: planned } = await plan(call!);
    if (planned === undefined || !tool.needsApproval(planned)) return false;
    const remembered = await deps.findRemembered(tool.name);
    if (!remembered) {
      waiting.add(callId);
      return true;
    }
    // Everybody sees by whose word it happens, and whoever takes over this run finds it said.
    const { decision, by } = remembered;
    const items = [{ item: approvalItem(runId, log.nextN, callId, { decision, by, remembered: true }) }];
    await commit.items(items);
    log.add(items);
    await writer.items(items.map(({ item }) => item));
    return false;
  };

  /** One after the other, whatever the model asks for at once: each sees what the one before it did. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  };

  return {
    execute: (callId) => inTurn(() => execute(callId)),
    needsApproval: (callId) => inTurn(() => needsApproval(callId)),
    isWaiting: (callId) => waiting.has(callId),
  };
}

const refusal = ({ code, message }: MusterError): ToolResultBody => {
  const answer: ToolError = { error: { code, message } };
  return { text: JSON.stringify(answer), touched: [] };
};

const declined = new MusterError('forbidden', 'This was declined. Do not try it again unless you are asked to.');
const DECLINED: Executed = { plan: undefined, list: undefined, body: refusal(declined), error: declined };

/** Commands with the seq that the model had seen of what they overwrite. */
function baseOf({ plan, list }: Executed, seen: Map<string, number>) {
  return (plan?.commands ?? []).map(({ name, args, overwrites }) => {
    const base = overwrites === undefined ? undefined : (seen.get(overwrites) ?? list?.seq);
    return { name, args, ...(base === undefined ? {} : { base }) };
  });
}

function remember(seen: Map<string, number>, { plan, list }: Executed, seqs: Record<string, number>): void {
  if (!plan || !list) return;
  const seq = seqs[scopeOf('list', list.id)] ?? list.seq;
  for (const task of plan.answer.tasks) seen.set(task.id, seq);
}

/**
 * The list that a call is about. A list's conversation works on that list alone: what others wrote into it must not be
 * able to make the agent tell what stands in the asker's other lists.
 */
async function resolveList(deps: ToolExecutorDeps, named: string | null): Promise<ListRead> {
  const { lists, askerId, holder } = deps;
  const read = async (listId: string): Promise<ListRead> => {
    const list = await lists.readList(askerId, listId);
    if (!list) throw new MusterError('not_found', 'There is no such list that the asker can see.');
    return list;
  };
  const { kind, id } = parseScope(holder);
  if (kind === 'list') {
    const list = await read(id);
    if (named === null || named === id || sameTitle(named, list.title)) return list;
    throw new MusterError('forbidden', `This conversation belongs to the list “${list.title}” and works on it alone.`);
  }
  const all = await lists.listOf(askerId);
  const titles = all
    .slice(0, 30)
    .map(({ title }) => `“${title}”`)
    .join(', ');
  const matches = named === null ? all : all.filter((list) => list.id === named || sameTitle(named, list.title));
  const [first] = matches;
  if (first && matches.length === 1) return read(first.id);
  if (all.length === 0) throw new MusterError('not_found', 'The asker has no list yet.');
  if (first) {
    throw new MusterError(
      'invalid',
      named === null
        ? `Say which list: ${titles}.`
        : `Several lists are called that. Name one by its id: ${matches.map((list) => list.id).join(', ')}.`,
    );
  }
  throw new MusterError('not_found', `There is no list called that. The asker's lists are ${titles}.`);
}

const sameTitle = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
