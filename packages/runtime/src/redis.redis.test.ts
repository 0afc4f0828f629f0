import { createServer } from 'node:net';
import { createTestRedis } from '@muster/testing/redis';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from './logger.ts';
import { createRedisConnections, redisRetryDelayMs, whenRedisReady, type RedisConnections } from './redis.ts';

const { url, prefix } = createTestRedis();
const open: RedisConnections[] = [];

function connections(address = url, name = prefix): RedisConnections {
  const made = createRedisConnections({ url: address, name, logger: silentLogger() });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
});

/** An address where nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `redis://127.0.0.1:${port}`;
}

test('one connection for each purpose, known to Redis by name', async () => {
  const redis = connections();
  const commands = redis.get('commands');
  expect(redis.get('commands')).toBe(commands);
  expect(redis.get('publisher')).not.toBe(commands);
  expect(redis.another('subscriber', 'adapter')).not.toBe(redis.get('subscriber'));
  await Promise.all([whenRedisReady(redis.get('publisher')), whenRedisReady(redis.get('subscriber'))]);
  const clients = (await commands.client('LIST')) as string;
  expect(clients).toContain(`name=muster-${prefix}-commands`);
  expect(clients).toContain(`name=muster-${prefix}-publisher`);
});

test('what is published is heard, also after the subscriber was cut off', async () => {
  const redis = connections();
  const subscriber = redis.get('subscriber');
  const heard: string[] = [];
  subscriber.on('message', (_channel: string, message: string) => heard.push(message));
  await subscriber.subscribe(`${prefix}:c`);
  await whenRedisReady(redis.get('publisher'));
  await redis.get('publisher').publish(`${prefix}:c`, 'one');
  await vi.waitFor(() => expect(heard).toEqual(['one']));

  const commands = redis.get('commands');
  const id = /id=(\d+)[^\n]* name=muster-[^ ]*-subscriber/.exec((await commands.client('LIST')) as string)?.[1];
  const isBack = new Promise((resolve) => subscriber.once('ready', resolve));
  await commands.client('KILL', 'ID', Number(id));
  await isBack;
  await vi.waitFor(async () => {
    await redis.get('publisher').publish(`${prefix}:c`, 'two');
    expect(heard).toContain('two');
  });
});

test.each(['publisher', 'queueProducer'] as const)('without Redis the %s fails at once', async (purpose) => {
  const redis = connections(await deadAddress()).get(purpose);
  const startedAt = performance.now();
  await expect(redis.publish('c', 'm')).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test.each(['publisher', 'queueProducer'] as const)('the %s may be used before it is connected', async (purpose) => {
  await expect(connections().get(purpose).publish(`${prefix}:c`, 'm')).resolves.toBe(0);
});

test.each(['publisher', 'queueProducer'] as const)('the %s fails at once when Redis went away', async (purpose) => {
  const redis = connections().get(purpose);
  await whenRedisReady(redis);
  redis.options.retryStrategy = () => 60_000;
  const isAway = new Promise((resolve) => redis.once('close', resolve));
  redis.disconnect(true);
  await isAway;
  const startedAt = performance.now();
  await expect(redis.publish('c', 'm')).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('without Redis commands fail soon, and a worker waits', async () => {
  const redis = connections(await deadAddress());
  await expect(redis.get('commands').get('x')).rejects.toThrow();
  const waiting = redis.get('worker').get('x');
  const outcome = await Promise.race([
    waiting.then(
      () => 'answered',
      () => 'failed',
    ),
    new Promise((resolve) => redis.get('worker').once('reconnecting', () => resolve('waits'))),
  ]);
  expect(outcome).toBe('waits');
  waiting.catch(() => undefined);
});

test('waiting for a Redis that does not come ends with words', async () => {
  const redis = connections(await deadAddress()).get('publisher');
  await expect(whenRedisReady(redis, 50)).rejects.toThrow('Redis does not answer within 50 ms');
});

test('reconnecting is quick at first and never slower than two seconds', () => {
  expect([1, 2, 9, 10, 500].map(redisRetryDelayMs)).toEqual([200, 400, 1_800, 2_000, 2_000]);
});
