import type { Model, ModelRequest, ModelResponse, StreamEvent } from '@openai/agents';
import type { Item } from '@muster/protocol/run';
import type { AttemptGuard } from '../run/attempt-guard.ts';
import { callItem, messageItem, resultItem, type ItemLog, type LoggedCall } from '../run/item-log.ts';
import type { RunCommit } from '../run/run-commit.ts';
import type { RunWriter } from '../run/run-writer.ts';
import { storable } from '../run/storable.ts';
import { ModelCallError } from './errors.ts';
import { Interruption } from '../run/interruption.ts';
import { streamPatiently, type PatienceOptions } from './model-stream.ts';

type Done = Extract<StreamEvent, { type: 'response_done' }>;
type OutputItem = Done['response']['output'][number];
type FunctionCall = Extract<OutputItem, { type: 'function_call' }>;

const LONGEST_CALL_ID = 100;

export interface RecordingDeps extends PatienceOptions {
  inner: Model;
  guard: AttemptGuard;
  log: ItemLog;
  writer: RunWriter;
  commit: RunCommit;
  usage: ModelUsage;
}

/** Of all model calls of an attempt. */
export interface ModelUsage {
  requests: number;
  inputTokens: number;
  outputTokens: number;
}

/**
 * A model whose every turn is written down before the SDK acts on it: its words stream out as they come, and at the
 * turn's end words and calls are committed together. So a call is in the log before it is executed, and words that have
 * no calls behind them are known to be the last.
 */
export function createRecordingModel(deps: RecordingDeps): Model {
  const { inner, guard, log, writer, commit, usage } = deps;
  const { runId } = guard;

  /** Answers that the SDK gave by itself (a tool that does not exist, arguments that are no JSON) are results too. */
  const recordAnswers = async (request: ModelRequest): Promise<void> => {
    if (typeof request.input === 'string') return;
    for (const call of log.openCalls()) {
      const answer = request.input.find((item) => item.type === 'function_call_result' && item.callId === call.callId);
      if (answer?.type !== 'function_call_result') continue;
      const body = { text: asAnswer(outputText(answer.output)), touched: [] };
      const items = [callItem(runId, call, 'failed'), resultItem(runId, log.nextN, call.callId, body, 'failed')];
      const outcome = await commit.call({ callId: call.callId, commands: [], items });
      if (outcome.status === 'refused') throw outcome.error;
      log.add(items.map((item) => ({ item })));
      await writer.items(items);
    }
  };

  const recordTurn = async (text: string, calls: FunctionCall[]): Promise<void> => {
    await writer.drain();
    await guard.check();
    const first = log.nextN;
    const said = text === '' ? [] : [{ item: messageItem(runId, first, 'done'), text }];
    const called = calls.map((call, index): { item: Item } => {
      const logged: LoggedCall = {
        n: first + said.length + index,
        callId: call.callId,
        name: call.name,
        args: argsOf(call),
      };
      return { item: callItem(runId, logged, 'open') };
    });
    // The log holds what is stored: a tool does the same for this attempt and the next.
    const items = storable([...said, ...called]);
    await commit.items(items);
    log.add(items);
    writer.closeText();
    await writer.items(items.map(({ item }) => item));
  };

  async function* getStreamedResponse(request: ModelRequest): AsyncGenerator<StreamEvent> {
    await recordAnswers(request);
    const n = log.nextN;
    // Blanks alone are no words: they wait for what follows them.
    let blanks = '';
    for await (const event of named(streamPatiently(inner, request, deps))) {
      if (event.type === 'output_text_delta') {
        blanks += event.delta;
        if (writer.openText || blanks.trim() !== '') {
          writer.text(n, blanks);
          blanks = '';
        }
      }
      if (event.type !== 'response_done') {
        yield event;
        continue;
      }
      const output = withOwnCallIds(event.response.output, log);
      const calls = output.filter((item) => item.type === 'function_call');
      const text = completeText(output, n, writer);
      await recordTurn(text, calls);
      usage.requests += 1;
      usage.inputTokens += event.response.usage.inputTokens;
      usage.outputTokens += event.response.usage.outputTokens;
      yield { ...event, response: { ...event.response, output } };
    }
  }

  return {
    getStreamedResponse,
    getResponse: (): Promise<ModelResponse> => Promise.reject(new Error('runs are streamed')),
  };
}

async function* named<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next().catch((error: unknown) => {
        throw error instanceof Interruption ? error : new ModelCallError(error);
      });
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.(undefined);
  }
}

/**
 * What was streamed, with whatever the final answer has beyond it: some servers send all their text at the end. What
 * was shown is never taken back.
 */
function completeText(output: OutputItem[], n: number, writer: RunWriter): string {
  const final = output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .flatMap((part) => (part.type === 'output_text' ? part.text : part.type === 'refusal' ? part.refusal : []))
    .join('');
  const shown = writer.openText?.n === n ? writer.openText.text : '';
  if (shown === '' && final.trim() === '') return '';
  if (final.startsWith(shown)) writer.text(n, final.slice(shown.length));
  return writer.openText?.n === n ? writer.openText.text : shown;
}

/** Some servers number their calls anew in each turn: within a run an id must mean one call. */
function withOwnCallIds(output: OutputItem[], log: ItemLog): OutputItem[] {
  const taken = new Set<string>();
  return output.map((item) => {
    if (item.type !== 'function_call') return item;
    const wanted = storable(item.callId.slice(0, LONGEST_CALL_ID));
    let callId = wanted;
    for (let i = 2; taken.has(callId) || log.hasCall(callId); i++) callId = `${wanted}-${i}`;
    taken.add(callId);
    return callId === item.callId ? item : { ...item, callId };
  });
}

function argsOf(call: FunctionCall): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(call.arguments);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** The SDK's own answers are sentences: a card and a model expect JSON. */
function asAnswer(text: string): string {
  return text.startsWith('{') ? text : JSON.stringify({ error: { code: 'invalid', message: text } });
}

function outputText(output: unknown): string {
  if (typeof output === 'string') return output;
  if (typeof output === 'object' && output !== null && 'text' in output && typeof output.text === 'string')
    return output.text;
  return JSON.stringify(output) ?? '';
}
