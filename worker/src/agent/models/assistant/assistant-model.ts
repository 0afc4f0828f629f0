import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Usage, type Model, type ModelRequest, type ModelResponse, type StreamEvent } from '@openai/agents';
import { respond, type Turn } from './respond.ts';

type Output = Extract<StreamEvent, { type: 'response_done' }>['response']['output'];

export interface AssistantOptions {
  /** How fast its words come; 0 for all at once, in tests. People read about 40 words a second with ease. */
  wordsPerSecond: number;
  /** Where a turn needs no look at the list there is no clock in it either. */
  now?: () => number;
}

/** The built-in assistant: a model of the SDK like any other, but made of rules. It needs no key and no network. */
export function createAssistantModel({ wordsPerSecond, now = Date.now }: AssistantOptions): Model {
  const turnOf = ({ input }: ModelRequest): Turn => respond(input, { now: now(), zone: 'UTC' });
  return {
    getResponse(request): Promise<ModelResponse> {
      return Promise.resolve({ usage: new Usage(), output: outputOf(turnOf(request)), responseId: randomUUID() });
    },
    async *getStreamedResponse(request): AsyncIterable<StreamEvent> {
      const turn = turnOf(request);
      yield { type: 'response_started' };
      if ('text' in turn) {
        for (const delta of turn.text.match(/\s*\S+/gu) ?? []) {
          request.signal?.throwIfAborted();
          yield { type: 'output_text_delta', delta };
          if (wordsPerSecond > 0)
            await delay(1000 / wordsPerSecond, undefined, request.signal ? { signal: request.signal } : {});
        }
      }
      const usage = { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 };
      yield { type: 'response_done', response: { id: randomUUID(), output: outputOf(turn), usage } };
    },
  };
}

function outputOf(turn: Turn): Output {
  if ('text' in turn) {
    return [
      { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: turn.text }] },
    ];
  }
  return turn.calls.map(({ name, args }) => ({
    type: 'function_call',
    callId: `call_${randomUUID()}`,
    name,
    arguments: JSON.stringify(args),
    status: 'completed',
  }));
}
