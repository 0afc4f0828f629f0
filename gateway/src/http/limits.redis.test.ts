import { createTestRedis } from '@muster/testing/redis';
import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { createLimits, limitsFor } from './limits.ts';

const open: Redis[] = [];
afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});
async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  open.push(redis);
  await redis.ping();
  return redis;
}
const refusedAfter = async (take: () => Promise<void>, most = 20): Promise<number> => {
  for (let n = 0; n < most; n++) {
    const fault = await take().catch((thrown: unknown) => thrown);
    if (fault !== undefined) {
      expect(fault).toMatchObject({ code: 'rate_limited', details: { retryAfterMs: expect.any(Number) } });
      return n;
    }
  }
  return most;
};

test('two gateways share one count; another user has their own', async () => {
  const { url, prefix } = createTestRedis();
  const limits = limitsFor(false, { user: 6 });
  const [one, two] = [
    createLimits({ redis: await connect(url), prefix, limits }),
    createLimits({ redis: await connect(url), prefix, limits }),
  ];
  for (let n = 0; n < 3; n++) await one.take('user', 'ada');
  expect(await refusedAfter(() => two.take('user', 'ada'))).toBe(3);
  expect(await refusedAfter(() => one.take('user', 'ada'))).toBe(0);
  await two.take('user', 'bea');
});

test('while Redis is away each gateway counts for itself: nothing is unlimited, and nobody is locked out', async () => {
  const { url, prefix } = createTestRedis();
  const redis = await connect(url);
  const { take } = createLimits({ redis, prefix, limits: limitsFor(false, { user: 5 }) });
  redis.disconnect();
  expect(await refusedAfter(() => take('user', 'ada'))).toBe(5);
});

test('a local start is wide enough for a script with 50 changes a second, a public one is not endless', () => {
  const local = limitsFor(false);
  const perSecond = (name: 'user' | 'socket') => local[name].points / (local[name].windowMs / 1000);
  expect(perSecond('user')).toBeGreaterThan(200);
  expect(perSecond('socket')).toBeGreaterThan(200);
  expect(limitsFor(true).accounts.points).toBeLessThan(50);
  expect(limitsFor(true, { accounts: 7 }).accounts.points).toBe(7);
});

test('who has a network of version 6 has one count, whichever of its addresses they take', async () => {
  const { url, prefix } = createTestRedis();
  const { take } = createLimits({ redis: await connect(url), prefix, limits: limitsFor(false, { accounts: 3 }) });
  let n = 0;
  expect(await refusedAfter(() => take('accounts', `2001:db8:0:1::${(n += 1)}`))).toBe(3);
  await take('accounts', '2001:db8:0:2::1');
  for (const address of ['::ffff:192.0.2.1', '::ffff:192.0.2.2']) await take('accounts', address, 3);
});
