import { OpenAIProvider, type Model } from '@openai/agents';
import OpenAI from 'openai';
import type { WorkerConfig } from '../../config.ts';
import { createAssistantModel } from './assistant/assistant-model.ts';

/** A model, and the name under which it stands in a run's row. */
export interface ChosenModel {
  model: Model;
  name: string;
}

export type ModelConfig = Pick<
  WorkerConfig,
  'OPENAI_API_KEY' | 'OPENAI_BASE_URL' | 'OPENAI_API' | 'AGENT_MODEL' | 'ASSISTANT_WORDS_PER_SECOND'
>;

/** Where a key is given without a model. Always named: left out, the SDK adds settings that other servers refuse. */
export const DEFAULT_MODEL = 'gpt-5.6-luna';

/** Longer than any model thinks before its first word; {@link import('../model-stream.ts').SILENT_AFTER_MS} is shorter. */
const REQUEST_TIMEOUT_MS = 300_000;

/** The provider's model where a key or a server is configured, else the built-in assistant. Made once, used by all runs. */
export async function chooseModel(config: ModelConfig): Promise<ChosenModel> {
  if (config.OPENAI_API_KEY === undefined && config.OPENAI_BASE_URL === undefined) {
    return {
      model: createAssistantModel({ wordsPerSecond: config.ASSISTANT_WORDS_PER_SECOND }),
      name: 'built-in',
    };
  }
  const name = config.AGENT_MODEL ?? DEFAULT_MODEL;
  const api = config.OPENAI_API ?? (config.OPENAI_BASE_URL === undefined ? 'responses' : 'chat_completions');
  const openAIClient = new OpenAI({
    // Servers of one's own want no key, the client does.
    apiKey: config.OPENAI_API_KEY ?? 'none',
    ...(config.OPENAI_BASE_URL === undefined ? {} : { baseURL: config.OPENAI_BASE_URL }),
    // Retries are ours (model-stream.ts), where they are seen, logged and end with the run.
    maxRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
  });
  const provider = new OpenAIProvider({ openAIClient, useResponses: api === 'responses' });
  return { model: await provider.getModel(name), name };
}
