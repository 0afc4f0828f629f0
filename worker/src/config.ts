import {
  addFault,
  databaseUrl,
  durationMs,
  integer,
  oneOf,
  port,
  redisUrl,
  secret,
  text,
  url,
} from '@muster/runtime/config';
import { LOG_LEVELS } from '@muster/runtime/logger';
import * as z from 'zod';

/** The worker's configuration, by the names of its variables. */
export const workerConfig = z
  .object({
    DATABASE_URL: databaseUrl(),
    REDIS_URL: redisUrl(),
    REDIS_PREFIX: text('what all names in Redis begin with').default('muster'),
    LOG_LEVEL: oneOf(LOG_LEVELS, 'how much is logged').default('info'),
    WORKER_CONCURRENCY: integer('how many runs one worker works on at once', { min: 1, max: 1_000 }).default(50),
    WORKER_METRICS_PORT: port().optional(),
    WORKER_GRACE_MS: durationMs('how long runs may go on after a stop signal, before they are handed back').default(
      3_000,
    ),
    AGENT_DEADLINE_MS: durationMs('how long one attempt of a run may take', { min: 1_000 }).default(600_000),
    OPENAI_API_KEY: secret('the key of a model provider').optional(),
    OPENAI_BASE_URL: url(['http', 'https'], 'the address of a server that speaks an OpenAI API').optional(),
    OPENAI_API: oneOf(['responses', 'chat_completions'], 'which of its APIs').optional(),
    AGENT_MODEL: text("a model's name, as its provider knows it").optional(),
    ASSISTANT_WORDS_PER_SECOND: integer('how fast the built-in assistant speaks', { min: 1, max: 100_000 }).default(40),
  })
  .superRefine((config, context) => {
    if (config.OPENAI_BASE_URL !== undefined && config.AGENT_MODEL === undefined) {
      addFault(
        context,
        'AGENT_MODEL',
        'is missing: with OPENAI_BASE_URL it should be the name of a model of that server.',
      );
    }
  });
export type WorkerConfig = z.output<typeof workerConfig>;
