import { type ConfigError, parseConfig } from '@muster/runtime/config';
import { expect, it } from 'vitest';
import { workerConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://u:p@h/db', REDIS_URL: 'redis://h:6379' };

it('needs a database and a Redis, and nothing else', () => {
  expect(parseConfig(workerConfig, good)).toMatchObject({ WORKER_CONCURRENCY: 500, ASSISTANT_WORDS_PER_SECOND: 40 });
  expect(() => parseConfig(workerConfig, {})).toThrow(/DATABASE_URL is missing.*\nREDIS_URL is missing/);
});

it('wants a model where a server of one’s own is named, and never repeats a key', () => {
  const env = {
    ...good,
    OPENAI_BASE_URL: 'http://localhost:11434/v1',
    OPENAI_API_KEY: 'sk-secret',
    OPENAI_API: 'soap',
  };
  try {
    parseConfig(workerConfig, env);
    expect.unreachable();
  } catch (error) {
    expect((error as ConfigError).lines.join('\n')).toContain(
      'OPENAI_API should be which of its APIs: responses, chat_completions',
    );
    expect((error as ConfigError).message).not.toContain('sk-secret');
  }
  const { OPENAI_API: _, ...rest } = env;
  expect(() => parseConfig(workerConfig, rest)).toThrow(/^AGENT_MODEL is missing/);
  expect(parseConfig(workerConfig, { ...rest, AGENT_MODEL: 'llama3.2' })).toMatchObject({ AGENT_MODEL: 'llama3.2' });
});

it('sends no mail without a sender and an address to lead to', () => {
  const withMail = { ...good, SMTP_URL: 'smtp://ada:secret@mail.example' };
  expect(() => parseConfig(workerConfig, withMail)).toThrow(/MAIL_FROM.*\n.*PUBLIC_URL/u);
  expect(() => parseConfig(workerConfig, { ...withMail, SMTP_URL: 'http://ada:secret@x' })).toThrow(
    /SMTP_URL should be (?!.*secret)/u,
  );
});
