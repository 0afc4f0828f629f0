import type { Commit } from '@muster/db/commit/types';
import type {
  ItemWithText,
  RunWork,
  RunWorkRepository,
  ThreadMessage,
} from '@muster/db/repositories/run-work.repository';
import type { ToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { MusterError } from '@muster/protocol/error';
import { parseScope, runItemId } from '@muster/protocol/id';
import type { RedisNames } from '@muster/protocol/internal/channels';
import type { Item } from '@muster/protocol/run';
import type { Logger } from '@muster/runtime/logger';
import type { Redis } from 'ioredis';
import { MAX_TURNS, runAgent } from '../agent/agent.ts';
import { faultForLog, findModelCallError, sortModelError } from '../agent/errors.ts';
import { HISTORY, toModelInput } from '../agent/history.ts';
import { instructionsFor } from '../agent/instructions.ts';
import type { ChosenModel } from '../agent/models/provider.ts';
import type { PatienceOptions } from '../agent/model-stream.ts';
import { createRecordingModel, type ModelUsage } from '../agent/recording-model.ts';
import { createToolExecutor, type ToolExecutor } from '../agent/tool-executor.ts';
import type { AttemptGuard } from './attempt-guard.ts';
import type { FlushPace } from './flush-pace.ts';
import { Interruption, interruptionOf } from './interruption.ts';
import { approvalItem, callItem, createItemLog, messageItem, resultItem, type ItemLog } from './item-log.ts';
import { createRunCommit, type RunCommit, type RunEnd } from './run-commit.ts';
import type { RunOutcome } from './run-outcome.ts';
import { createRunStream } from './run-stream.ts';
import { createRunWriter, type RunWriter } from './run-writer.ts';

export interface AttemptDeps {
  run: RunWork;
  guard: AttemptGuard;
  commit: Commit;
  runs: RunWorkRepository;
  lists: ToolListRepository;
  redis: Redis;
  names: RedisNames;
  chooseModel: () => ChosenModel;
  logger: Logger;
  /** Of one attempt. */
  deadlineMs: number;
  patience?: PatienceOptions;
  /** Of all runs of this process; left out, a run has its own. */
  pace?: FlushPace;
  now?: () => number;
  onToolCall?: (call: { name: string; outcome: string; seconds: number }) => void;
}

interface Attempt extends AttemptDeps {
  log: ItemLog;
  writer: RunWriter;
  own: RunCommit;
  executor: ToolExecutor;
  usage: ModelUsage;
  model: ChosenModel;
}

/**
 * One attempt of a claimed run, from what earlier ones committed to its end.
 *
 * @param isLast a model that breaks off ends the run now, instead of being asked again by another attempt
 * @returns `again`: the run was handed back, and this job may claim it anew
 */
export async function attemptRun(deps: AttemptDeps, isLast: boolean): Promise<RunOutcome | 'again'> {
  const attempt = await prepare(deps);
  const { guard } = attempt;
  const deadline = setTimeout(() => guard.interrupt(new Interruption('deadline')), deps.deadlineMs);
  try {
    const answer = await work(attempt);
    if (answer === 'approval') return await askForApproval(attempt);
    if (answer === 'turns') await sayThatTurnsAreOver(attempt);
    return await end(attempt, { status: 'completed' });
  } catch (error) {
    const interruption = interruptionOf(guard.signal) ?? (error instanceof Interruption ? error : undefined);
    return interruption ? await endInterrupted(attempt, interruption) : await endFailed(attempt, error, isLast);
  } finally {
    clearTimeout(deadline);
    attempt.writer.closeText();
  }
}

async function prepare(deps: AttemptDeps): Promise<Attempt> {
  const { run, guard, logger, now = Date.now } = deps;
  const log = createItemLog(run.id, await deps.runs.listItems([run.id]));
  const stream = createRunStream({ redis: deps.redis, names: deps.names, runId: run.id });
  const onFault = (err: unknown): void => logger.warn({ err, runId: run.id }, 'run stream is behind');
  const writer = createRunWriter({ guard, stream, onFault, ...(deps.pace ? { pace: deps.pace } : {}) });
  const own = createRunCommit({ commit: deps.commit, guard, askerId: run.askerId });
  const executor = createToolExecutor({
    guard,
    log,
    commit: own,
    writer,
    lists: deps.lists,
    logger,
    askerId: run.askerId,
    holder: run.holder,
    findRemembered: (tool) => deps.runs.findRemembered(run.scope, tool),
    zone: run.zone ?? 'UTC',
    now,
    ...(deps.onToolCall ? { onCall: deps.onToolCall } : {}),
  });
  const usage: ModelUsage = { requests: 0, inputTokens: 0, outputTokens: 0 };
  return { ...deps, log, writer, own, executor, usage, model: deps.chooseModel() };
}

async function work(attempt: Attempt): Promise<'answered' | 'turns' | 'approval'> {
  const { run, guard, log, writer, own, executor, usage, now = Date.now } = attempt;
  await guard.check();
  // Of what an earlier attempt streamed, only what it committed counts.
  const rewind = guard.attempt > 1 ? { itemId: runItemId(run.id, log.nextN), offset: 0 } : undefined;
  const [conversation] = await Promise.all([readConversation(attempt), writer.open(rewind)]);
  for (const { callId } of log.openCalls()) {
    if (!(await executor.needsApproval(callId))) await executor.execute(callId);
  }
  if (log.openCalls().length > 0) return 'approval';
  if (log.isAnswered) return 'answered';

  const zone = run.zone ?? 'UTC';
  return runAgent({
    model: createRecordingModel({
      ...attempt.patience,
      run,
      onRetry: (error) => attempt.logger.warn({ failure: faultForLog(error), runId: run.id }, 'asking the model again'),
      inner: attempt.model.model,
      guard,
      log,
      writer,
      commit: own,
      usage,
    }),
    executor,
    instructions: instructionsFor({
      now: now(),
      zone,
      locale: run.locale,
      isListThread: parseScope(run.holder).kind === 'list',
    }),
    input: toModelInput({ ...conversation, own: log.items, askerId: run.askerId }),
    signal: guard.signal,
  }).then((answer) => {
    // The SDK ends without a word where its signal was aborted.
    const interruption = interruptionOf(guard.signal);
    if (interruption) throw interruption;
    return answer;
  });
}

/** What people asked in this thread, and what earlier runs answered. */
async function readConversation({ run, runs }: Attempt): Promise<{ asked: ThreadMessage[]; answered: ItemWithText[] }> {
  const asked = await runs.listAsked(run.scope, run.messageId, HISTORY.messages);
  const earlier = asked.flatMap(({ runId }) => (runId === null || runId === run.id ? [] : runId));
  return { asked, answered: earlier.length === 0 ? [] : await runs.listItems(earlier) };
}

/** The run waits without a worker: whoever answers has it queued again, and its next attempt does what was agreed to. */
async function askForApproval(attempt: Attempt): Promise<RunOutcome> {
  const { log, run, guard, executor } = attempt;
  // What the SDK answered by itself (a tool that does not exist, arguments that are no JSON) has no result yet, and nobody
  // could agree to it.
  for (const { callId } of log.openCalls()) if (!executor.isWaiting(callId)) await executor.execute(callId);
  await guard.check();
  const asked = log.openCalls().map(({ callId }, index) => ({ item: approvalItem(run.id, log.nextN + index, callId) }));
  const outcome = await end(attempt, { status: 'awaiting_approval' }, asked);
  // A stop that came after the look above found a run that still worked, and left it to its worker to end it.
  const isStopped = outcome === 'awaiting_approval' && (await guard.isStopWanted());
  return isStopped ? end(attempt, { status: 'stopped' }) : outcome;
}

async function sayThatTurnsAreOver({ log, writer, own, run }: Attempt): Promise<void> {
  const n = log.nextN;
  const text = `I have stopped after ${MAX_TURNS} steps without coming to an end. Say “go on”, and I will continue from here.`;
  writer.text(n, text);
  await writer.drain();
  await own.items([{ item: messageItem(run.id, n, 'done'), text }]);
  await writer.items([messageItem(run.id, n, 'done')]);
}

/** What was begun and will not be finished: the words so far, and calls that nobody will do any more. */
function leftovers({ log, writer, run }: Attempt, state: Item['state']): { item: Item; text?: string }[] {
  const words = writer.openText;
  // Half a character at the end has not been shown to anybody.
  const text = words?.text.replace(/[\ud800-\udbff]$/, '') ?? '';
  const said =
    words && text.trim() !== '' && words.n === log.nextN ? [{ item: messageItem(run.id, words.n, state), text }] : [];
  const first = log.nextN + said.length;
  const given = log.openCalls().flatMap((call, index) => {
    const text = JSON.stringify({ error: { code: 'conflict', message: 'This was stopped before it was done.' } });
    const result = resultItem(run.id, first + index, call.callId, { text, touched: [] }, 'failed');
    return [{ item: callItem(run.id, call, 'failed') }, { item: result }];
  });
  return [...said, ...given];
}

async function end(attempt: Attempt, how: RunEnd, items: { item: Item; text?: string }[] = []): Promise<RunOutcome> {
  const { own, writer, usage, model, logger, run } = attempt;
  const last = { ...how, model: model.name, usage: { ...usage } };
  try {
    if (!(await own.end(last, items))) return 'superseded';
  } catch (err) {
    // What it would leave behind cannot be stored: better an end without it than none. But whoever waits for an answer
    // must have been asked.
    const isRefused = err instanceof MusterError && !err.retryable;
    if (!isRefused || items.length === 0 || how.status === 'awaiting_approval') throw err;
    logger.error({ err, runId: run.id, items: items.length }, 'what a run left behind could not be stored');
    return end(attempt, how);
  }
  writer.closeText();
  await writer.items(items.map(({ item }) => item));
  await writer.status(how.status);
  return how.status;
}

async function endInterrupted(attempt: Attempt, { reason }: Interruption): Promise<RunOutcome> {
  if (reason === 'superseded') return 'superseded';
  if (reason === 'stop') return end(attempt, { status: 'stopped' }, leftovers(attempt, 'done'));
  if (reason === 'shutdown') return handBack(attempt);
  const error = { code: 'timeout', message: 'This took too long, so I have stopped.' };
  return end(attempt, { status: 'failed', error }, leftovers(attempt, 'failed'));
}

/** This process goes, for no fault of the run: it is not to be counted among those that broke off. */
async function handBack({ own, runs, run, logger }: Attempt): Promise<RunOutcome> {
  if (!(await own.requeue())) return 'superseded';
  await runs.noteHandBack(run.id).catch((err: unknown) => logger.warn({ err, runId: run.id }, 'hand-back not noted'));
  return 'requeued';
}

async function endFailed(attempt: Attempt, error: unknown, isLast: boolean): Promise<RunOutcome | 'again'> {
  const { logger, run, writer, own } = attempt;
  const failure = findModelCallError(error);
  if (!failure) return endBroken(attempt, error, isLast);
  const sorted = sortModelError(failure.cause);
  logger.warn({ failure: faultForLog(failure.cause), runId: run.id, fault: sorted.fault }, 'the model failed');
  // It broke off in the middle of its words: they are thrown away and it is asked again, by a new attempt, since
  // viewers know from a new attempt that words begin anew.
  if (sorted.fault === 'provider' && writer.openText !== undefined && !isLast) {
    return (await own.requeue()) ? 'again' : 'superseded';
  }
  return end(attempt, { status: 'failed', error: sorted.error }, leftovers(attempt, 'failed'));
}

/** Not the model's doing: the database went away, or we made a mistake. The next attempt may find the world mended. */
async function endBroken(attempt: Attempt, error: unknown, isLast: boolean): Promise<RunOutcome | 'again'> {
  attempt.logger.error({ err: error, runId: attempt.run.id }, 'the run broke');
  if (!isLast) return (await attempt.own.requeue()) ? 'again' : 'superseded';
  const words = { code: 'internal', message: 'Something went wrong on our side. Try again in a while.' };
  return end(attempt, { status: 'failed', error: words }, leftovers(attempt, 'failed'));
}
