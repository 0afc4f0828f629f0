import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Usage, type Model, type ModelRequest, type StreamEvent } from '@openai/agents';
import type { ChosenModel } from './provider.ts';
import { readConversation } from './assistant/conversation.ts';

/** What a load test asks for: so many words, so fast. */
const REQUEST = /^recite (\d{1,5}) words? at (\d{1,3}) a second$/;
/** Of two UTF-16 units: a piece must never end within it. */
const PAIR = '🎈';
const PAIR_EVERY = 10;

type Done = Extract<StreamEvent, { type: 'response_done' }>;

/**
 * A model that also recites, for load tests: words that carry their number and the time at which they were said, so that
 * whoever reads them knows what is missing, and how old each is. Anything else it leaves to the model that it wraps.
 */
export function createReciter({ model, name }: ChosenModel, now: () => number = Date.now): ChosenModel {
  const reciter: Model = {
    getResponse: (request) => model.getResponse(request),
    async *getStreamedResponse(request) {
      const wanted = REQUEST.exec(readConversation(request.input).said.trim());
      if (wanted === null) yield* model.getStreamedResponse(request);
      else yield* recite(request, Number(wanted[1]), Number(wanted[2]), now);
    },
  };
  return { model: reciter, name };
}

async function* recite(
  { signal }: ModelRequest,
  count: number,
  perSecond: number,
  now: () => number,
): AsyncGenerator<StreamEvent> {
  yield { type: 'response_started' };
  const beganAt = now();
  let text = '';
  for (let n = 0; n < count; n++) {
    // By the clock of the whole, not from word to word: late timers do not add up.
    const waitMs = beganAt + (n * 1_000) / Math.max(1, perSecond) - now();
    if (waitMs > 0) await delay(waitMs, undefined, signal ? { signal } : {});
    else signal?.throwIfAborted();
    const delta = `${n === 0 ? '' : ' '}${n}:${now().toString(36)}${n % PAIR_EVERY === 0 ? PAIR : ''}`;
    text += delta;
    yield { type: 'output_text_delta', delta };
  }
  yield { type: 'response_done', response: { id: randomUUID(), output: [said(text)], usage: new Usage() } };
}

const said = (text: string): Done['response']['output'][number] => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});
