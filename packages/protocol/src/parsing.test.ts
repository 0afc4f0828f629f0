import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { COMMAND_ARGS } from './commands.ts';
import { due } from './due.ts';
import { MusterError, parseOrThrow } from './error.ts';
import { parseScope, scopeId } from './id.ts';

const ID = '0192f0c1-2222-7333-8444-555566667777';
const ok = (schema: z.core.$ZodType, value: unknown) => z.safeParse(schema, value).success;

test.each([
  [{ date: '2026-03-09' }, true],
  [{ date: '2026-03-09', time: '17:00' }, true],
  [{ date: '2026-03-09', time: '17:00', zone: 'Europe/Berlin' }, true],
  [{ date: '2026-02-30' }, false],
  [{ date: '2026-3-9' }, false],
  [{ date: '0001-01-01' }, true],
  [{ date: '0000-12-31' }, false],
  [{ date: '2026-03-09', time: '25:00' }, false],
  [{ date: '2026-03-09', time: '17:00', zone: 'Mars/Olympus' }, false],
  [{ date: '2026-03-09', zone: 'Europe/Berlin' }, false],
  [{ time: '17:00' }, false],
])('due %j is readable: %s', (value, expected) => {
  expect(ok(due, value)).toBe(expected);
});

test.each([
  [`list:${ID}`, true],
  [`thread:${ID}`, true],
  [`List:${ID}`, false],
  [`list:${ID.toUpperCase()}`, false],
  ['list:1', false],
  [`team:${ID}`, false],
  [7, false],
])('scope %j is one: %s', (value, expected) => {
  expect(ok(scopeId, value)).toBe(expected);
});

test('a scope is read back as it was built', () => {
  expect(parseScope(`thread:${ID}`)).toEqual({ kind: 'thread', id: ID });
});

test('ids have one spelling', () => {
  expect(parseOrThrow(COMMAND_ARGS['task.delete'], { id: ` ${ID.toUpperCase()} ` })).toEqual({ id: ID });
});

test('a fault names its place and never repeats the value', () => {
  const title = 'secret'.repeat(200);
  const attempt = () => parseOrThrow(COMMAND_ARGS['task.update'], { id: ID, fields: { title } });
  expect(attempt).toThrow(MusterError);
  try {
    attempt();
  } catch (error) {
    const { code, details, message } = (error as MusterError).toWire();
    expect(code).toBe('invalid');
    expect(details?.faults?.[0]?.path).toBe('fields.title');
    expect(message).not.toContain('secretsecret');
  }
});

test.each(Object.keys(COMMAND_ARGS))('%s refuses what it does not know, and a prototype', (name) => {
  const schema = COMMAND_ARGS[name as keyof typeof COMMAND_ARGS];
  for (const bad of [null, [], 'x', {}, JSON.parse('{"__proto__":{"id":"x"}}'), { id: ID, evil: true }]) {
    expect(ok(schema, bad)).toBe(false);
  }
});
