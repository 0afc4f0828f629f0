import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  addFault,
  ConfigError,
  databaseUrl,
  durationMs,
  flag,
  integer,
  list,
  oneOf,
  parseConfig,
  port,
  redisUrl,
  secret,
  text,
} from './config.ts';

const schema = z
  .object({
    NODE_ENV: oneOf(['development', 'test', 'production'], 'the kind of run').default('development'),
    PORT: port().default(0),
    DATABASE_URL: databaseUrl(),
    REDIS_URL: redisUrl(),
    SECRET: secret('at least 32 characters of randomness', 32).optional(),
    MIGRATE: flag('whether pending migrations are run at start').default(false),
    SESSION_TTL_MS: durationMs('how long a session lasts', { min: 1_000 }).default(86_400_000),
    COUNT: integer('how many', { min: 1, max: 9 }).default(1),
    ALLOWED_ORIGINS: list('origins of other pages').default([]),
    NAME: text('a name').optional(),
  })
  .superRefine((config, context) => {
    if (config.NODE_ENV === 'production' && config.SECRET === undefined) {
      addFault(context, 'SECRET', 'is missing: in production it should be at least 32 characters of randomness.');
    }
  });

const good = { DATABASE_URL: 'postgres://u:p@h/db', REDIS_URL: 'rediss://h:6380/0' };

function linesFor(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(schema, { ...good, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

describe('parsing', () => {
  test('fills in defaults and converts', () => {
    const config = parseConfig(schema, {
      ...good,
      PORT: '8080',
      MIGRATE: 'on',
      ALLOWED_ORIGINS: ' https://a.example , ,https://b.example',
      IRRELEVANT: 'x',
    });
    expect(config).toMatchObject({
      NODE_ENV: 'development',
      PORT: 8080,
      MIGRATE: true,
      SESSION_TTL_MS: 86_400_000,
      ALLOWED_ORIGINS: ['https://a.example', 'https://b.example'],
    });
    expect(config).not.toHaveProperty('IRRELEVANT');
  });

  test('empty counts as absent', () => {
    expect(parseConfig(schema, { ...good, PORT: '', NAME: ' ' })).toMatchObject({ PORT: 0 });
  });

  test.each([
    [
      'PORT',
      '70000',
      'PORT should be a port to listen on (0: a free one), a whole number from 0 to 65535 (it is "70000").',
    ],
    [
      'PORT',
      'http',
      'PORT should be a port to listen on (0: a free one), a whole number from 0 to 65535 (it is "http").',
    ],
    [
      'MIGRATE',
      'perhaps',
      'MIGRATE should be on or off: whether pending migrations are run at start (it is "perhaps").',
    ],
    ['NODE_ENV', 'prod', 'NODE_ENV should be the kind of run: development, test, production (it is "prod").'],
    [
      'SESSION_TTL_MS',
      '1h',
      'SESSION_TTL_MS should be how long a session lasts in milliseconds, a whole number from 1000 up (it is "1h").',
    ],
  ])('%s=%s is one line that says what it should be', (name, value, line) => {
    expect(linesFor({ [name]: value })).toEqual([line]);
  });

  test('a missing variable is named', () => {
    expect(linesFor({ DATABASE_URL: undefined })).toEqual([
      'DATABASE_URL is missing: it should be the address of a Postgres, 15 or newer (postgres://… or postgresql://…).',
    ]);
  });

  test('each wrong variable has its line', () => {
    expect(linesFor({ DATABASE_URL: undefined, PORT: 'x', COUNT: '10' })).toHaveLength(3);
  });

  test('a secret is never repeated, nor an address that may hold a password', () => {
    const lines = linesFor({ SECRET: 'too-short', DATABASE_URL: 'mysql://root:hunter2@h/db' });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/too-short|hunter2/);
  });

  test('a rule over several variables is a line too', () => {
    expect(linesFor({ NODE_ENV: 'production' })).toEqual([
      'SECRET is missing: in production it should be at least 32 characters of randomness.',
    ]);
  });
});

describe('variables by file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the content is taken, without the line break at its end', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, `${'s'.repeat(40)}\n`);
    expect(parseConfig(schema, { ...good, SECRET_FILE: file }).SECRET).toBe('s'.repeat(40));
  });

  test('a file that is not there is named', () => {
    const file = join(folder, 'absent');
    expect(linesFor({ SECRET_FILE: file })).toEqual([
      `SECRET should come from the file named by SECRET_FILE, but ${file} cannot be read (ENOENT).`,
    ]);
  });

  test('both ways at once is a mistake', () => {
    const file = join(folder, 'both');
    writeFileSync(file, 'x'.repeat(40));
    expect(linesFor({ SECRET: 'y'.repeat(40), SECRET_FILE: file })).toEqual([
      'SECRET is set twice, as SECRET and by SECRET_FILE: keep one of them.',
    ]);
  });
});
