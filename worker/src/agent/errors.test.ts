import { APIConnectionError, APIError } from 'openai';
import { MusterError } from '@muster/protocol/error';
import { expect, it } from 'vitest';
import { findModelCallError, ModelCallError, ModelStreamError, sortModelError } from './errors.ts';

const answered = (status: number, code: string | null = null, headers: Record<string, string> = {}): APIError =>
  APIError.generate(status, { error: { code, message: 'sk-SECRET' } }, 'sk-SECRET', new Headers(headers));

it.each<[string, unknown, string, string]>([
  ['a wrong key', answered(401), 'caller', 'model_refused_key'],
  ['a key without rights', answered(403), 'caller', 'model_refused_key'],
  ['an unknown model', answered(404), 'caller', 'model_unknown'],
  ['a request that it does not take', answered(400), 'caller', 'model_refused'],
  ['a conversation that is too long', answered(400, 'context_length_exceeded'), 'limit', 'too_long'],
  ['a quota that is used up', answered(429, 'insufficient_quota'), 'limit', 'model_quota'],
  ['too many requests', answered(429, 'rate_limit_exceeded'), 'provider', 'model_busy'],
  ['a timeout of its own', answered(408), 'provider', 'model_unavailable'],
  ['a fault of its own', answered(500), 'provider', 'model_unavailable'],
  ['a bad gateway', answered(502), 'provider', 'model_unavailable'],
  ['nobody there', new APIConnectionError({ cause: new Error('ECONNREFUSED') }), 'provider', 'model_unavailable'],
  ['a socket that broke', new TypeError('terminated'), 'provider', 'model_unavailable'],
  ['an empty answer', new ModelStreamError('empty'), 'provider', 'model_empty'],
  ['silence', new ModelStreamError('silent'), 'provider', 'model_unavailable'],
])('%s', (_what, error, fault, code) => {
  const sorted = sortModelError(error);
  expect(sorted).toMatchObject({ fault, error: { code } });
  expect(sorted.error.message).not.toContain('SECRET');
});

it('hears when to come back', () => {
  expect(sortModelError(answered(429, null, { 'retry-after': '2' }))).toMatchObject({ retryAfterMs: 2_000 });
  expect(sortModelError(answered(503, null, { 'retry-after-ms': '150' }))).toMatchObject({ retryAfterMs: 150 });
  expect(sortModelError(answered(429, null, { 'retry-after': 'tomorrow' }))).not.toHaveProperty('retryAfterMs');
});

it('tells a failed model call from everything else that can fail', () => {
  const cause = answered(500);
  const wrapped = Object.assign(new Error('tool'), {
    error: new Error('deeper', { cause: new ModelCallError(cause) }),
  });
  expect(findModelCallError(wrapped)?.cause).toBe(cause);
  expect(findModelCallError(new MusterError('unavailable', 'Postgres'))).toBeUndefined();
});
