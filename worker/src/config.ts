import type { CareSettings } from '@muster/db/care/care-for-log';
import {
  addFault,
  databaseUrl,
  durationMs,
  flag,
  integer,
  oneOf,
  port,
  redisUrl,
  secret,
  text,
  url,
} from '@muster/runtime/config';
import { errorReportVariables } from '@muster/runtime/error-reports';
import { LOG_LEVELS } from '@muster/runtime/logger';
import { tracingVariables } from '@muster/runtime/tracing';
import * as z from 'zod';

/** The worker's configuration, by the names of its variables. */
export const workerConfig = z
  .object({
    DATABASE_URL: databaseUrl(),
    COMMIT_FLIGHTS: oneOf(
      ['one', 'two'],
      'whether a commit on what its process remembers goes in one flight, or every commit looks first',
    ).default('one'),
    REDIS_URL: redisUrl(),
    REDIS_PREFIX: text('what all names in Redis begin with').default('muster'),
    LOG_LEVEL: oneOf(LOG_LEVELS, 'how much is logged').default('info'),
    WORKER_CONCURRENCY: integer('how many runs one worker works on at once', { min: 1, max: 1_000 }).default(500),
    WORKER_METRICS_PORT: port().optional(),
    WORKER_GRACE_MS: durationMs('how long runs may go on after a stop signal, before they are handed back').default(
      20_000,
    ),
    AGENT_DEADLINE_MS: durationMs('how long one attempt of a run may take', { min: 1_000 }).default(600_000),
    LOG_CARE_EVERY_MS: durationMs('how often the log is cared for', { min: 1_000 }).default(3_600_000),
    LOG_CATCH_UP_DAYS: integer('how old changes may be that clients catch up with', { min: 1 }).default(30),
    LOG_CATCH_UP_CHANGES: integer('how many changes clients may be behind before they load anew', { min: 200 }).default(
      10_000,
    ),
    HISTORY_DAYS: integer('how long the history of lists is kept', { min: 1 }).optional(),
    TRASH_DAYS: integer('how long deleted tasks, lists and conversations are kept', { min: 1 }).default(30),
    GUEST_DAYS: integer('how long a guest whose session ended is waited for', { min: 1 }).default(30),
    SMTP_URL: url(['smtp', 'smtps'], 'the address of a server that takes mail', { isSecret: true }).optional(),
    MAIL_FROM: text('the sender of mail, such as Muster <muster@example.org>').optional(),
    PUBLIC_URL: url(['http', 'https'], 'the address under which people reach the product').optional(),
    OPENAI_API_KEY: secret('the key of a model provider').optional(),
    OPENAI_BASE_URL: url(['http', 'https'], 'the address of a server that speaks an OpenAI API').optional(),
    OPENAI_API: oneOf(['responses', 'chat_completions'], 'which of its APIs').optional(),
    AGENT_MODEL: text("a model's name, as its provider knows it").optional(),
    ASSISTANT_WORDS_PER_SECOND: integer('how fast the built-in assistant speaks', { min: 1, max: 100_000 }).default(40),
    ASSISTANT_RECITES: flag('whether the agent recites numbered words for load tests').default(false),
    ...tracingVariables,
    ...errorReportVariables,
  })
  .superRefine((config, context) => {
    for (const name of ['MAIL_FROM', 'PUBLIC_URL'] as const) {
      if (config.SMTP_URL === undefined || config[name] !== undefined) continue;
      addFault(context, name, 'is missing: with SMTP_URL mail is sent, and needs a sender and an address to lead to.');
    }
    if (config.OPENAI_BASE_URL !== undefined && config.AGENT_MODEL === undefined) {
      addFault(
        context,
        'AGENT_MODEL',
        'is missing: with OPENAI_BASE_URL it should be the name of a model of that server.',
      );
    }
  });
export type WorkerConfig = z.output<typeof workerConfig>;

const DAY_MS = 24 * 3_600_000;

/** What is kept for how long, as the care for the log takes it. */
export const careSettingsOf = (config: WorkerConfig): CareSettings => ({
  catchUpMs: config.LOG_CATCH_UP_DAYS * DAY_MS,
  catchUpChanges: config.LOG_CATCH_UP_CHANGES,
  historyMs: config.HISTORY_DAYS === undefined ? null : config.HISTORY_DAYS * DAY_MS,
  trashMs: config.TRASH_DAYS * DAY_MS,
  guestMs: config.GUEST_DAYS * DAY_MS,
});
