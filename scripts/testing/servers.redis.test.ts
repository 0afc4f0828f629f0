import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createTestRedis } from './redis.ts';

test('the run has a Redis, and each suite a prefix of its own', async () => {
  const { url, prefix } = createTestRedis();
  const redis = new Redis(url);
  await redis.set(`${prefix}:x`, '1');
  expect(await redis.get(`${prefix}:x`)).toBe('1');
  expect(createTestRedis().prefix).not.toBe(prefix);
  redis.disconnect();
});
