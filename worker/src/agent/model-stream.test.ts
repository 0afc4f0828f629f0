import type { Model, ModelRequest, StreamEvent } from '@openai/agents';
import { APIError } from 'openai';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Interruption } from '../run/interruption.ts';
import { ModelStreamError } from './errors.ts';
import { streamPatiently } from './model-stream.ts';

const done: StreamEvent = {
  type: 'response_done',
  response: {
    id: 'r',
    output: [
      { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Yes' }] },
    ],
    usage: { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 },
  },
};
const delta: StreamEvent = { type: 'output_text_delta', delta: 'Yes' };
/** A chunk of Chat Completions, the last one with its reason. */
const chunk = (reason: string | null): StreamEvent => ({
  type: 'model',
  event: { choices: [{ index: 0, delta: {}, finish_reason: reason }] },
});
const never = (): Promise<never> => new Promise(() => undefined);

/** Each call gets the next of these. */
function model(...answers: (() => AsyncGenerator<StreamEvent>)[]): Model & { asked: number } {
  const own = {
    asked: 0,
    getResponse: never,
    getStreamedResponse: (): AsyncGenerator<StreamEvent> => {
      const answer = answers[Math.min(own.asked, answers.length - 1)];
      own.asked += 1;
      if (!answer) throw new Error('no answer');
      return answer();
    },
  };
  return own;
}
async function* says(...events: StreamEvent[]): AsyncGenerator<StreamEvent> {
  for (const event of events) yield await Promise.resolve(event);
}
// eslint-disable-next-line require-yield -- a model that fails before its first word
async function* fails(status: number, headers: Record<string, string> = {}): AsyncGenerator<StreamEvent> {
  await Promise.resolve();
  throw APIError.generate(status, {}, 'no', new Headers(headers));
}
async function* hangs(...events: StreamEvent[]): AsyncGenerator<StreamEvent> {
  yield* events;
  await never();
}

const controller = { current: new AbortController() };
const request = (): ModelRequest => ({ signal: controller.current.signal }) as ModelRequest;
async function drain(events: AsyncIterable<StreamEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  return types;
}

beforeEach(() => {
  vi.useFakeTimers();
  controller.current = new AbortController();
});
afterEach(() => void vi.useRealTimers());

it('tries again with growing pauses, and no more often than it was told', async () => {
  const flaky = model(() => fails(500));
  const asked = drain(streamPatiently(flaky, request(), { retryDelaysMs: [1_000, 2_000] }));
  const failed = expect(asked).rejects.toBeInstanceOf(APIError);
  await vi.advanceTimersByTimeAsync(499);
  expect(flaky.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(501);
  expect(flaky.asked).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(flaky.asked).toBe(3);
  await failed;
});

it('waits as long as the provider asks, but not longer than people do', async () => {
  const busy = model(
    () => fails(429, { 'retry-after': '5' }),
    () => says(done),
  );
  const asked = drain(streamPatiently(busy, request(), { retryDelaysMs: [1] }));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(busy.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toEqual(['response_done']);

  const closed = model(() => fails(429, { 'retry-after': '3600' }));
  await expect(drain(streamPatiently(closed, request(), { retryDelaysMs: [1] }))).rejects.toBeInstanceOf(APIError);
  expect(closed.asked).toBe(1);
});

it('never tries again once something was shown', async () => {
  const cut = model(() => says(delta));
  await expect(drain(streamPatiently(cut, request(), { retryDelaysMs: [1] }))).rejects.toEqual(
    new ModelStreamError('cut'),
  );
  expect(cut.asked).toBe(1);
});

it('gives up on silence', async () => {
  const silent = model(() => hangs(delta));
  const asked = expect(drain(streamPatiently(silent, request(), { silentAfterMs: 1_000 }))).rejects.toEqual(
    new ModelStreamError('silent'),
  );
  await vi.advanceTimersByTimeAsync(1_000);
  await asked;
});

it('ends with the signal, also where the model does not listen, also while it waits', async () => {
  const stop = new Interruption('stop');
  const deaf = expect(
    drain(
      streamPatiently(
        model(() => hangs()),
        request(),
      ),
    ),
  ).rejects.toBe(stop);
  controller.current.abort(stop);
  await deaf;

  controller.current = new AbortController();
  const waiting = expect(
    drain(
      streamPatiently(
        model(() => fails(500)),
        request(),
      ),
    ),
  ).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(10);
  controller.current.abort(stop);
  await waiting;
});

const WHOLE = [delta, chunk(null), chunk('stop'), done];
const NO_REASON = [delta, chunk(null), done];
const CUT = new ModelStreamError('cut');

it('takes every answer without a finish reason for a cut one, once the server has ever told one', async () => {
  const telling = model(
    () => says(...WHOLE),
    () => says(...NO_REASON),
  );
  expect(await drain(streamPatiently(telling, request()))).toContain('response_done');
  const run = {};
  for (const whose of [run, run, {}, {}]) {
    await expect(drain(streamPatiently(telling, request(), { run: whose }))).rejects.toEqual(CUT);
  }
});

it('asks again once for each run where nothing is known of the server, then believes it until it tells', async () => {
  const answers = [...Array.from({ length: 5 }, () => NO_REASON), WHOLE, NO_REASON];
  const silent = model(...answers.map((answer) => () => says(...answer)));
  const ask = (run: object) => drain(streamPatiently(silent, request(), { run }));
  const [first, second, third] = [{}, {}, {}];
  await expect(ask(first)).rejects.toEqual(CUT);
  await expect(ask(second)).rejects.toEqual(CUT);
  expect(await ask(first)).toContain('response_done');
  expect(await ask(second)).toContain('response_done');
  expect(await ask(third)).toContain('response_done');
  expect(await ask(third)).toContain('response_done');
  await expect(ask(third)).rejects.toEqual(CUT);
});
