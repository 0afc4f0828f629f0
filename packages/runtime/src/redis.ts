import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

/**
 * Redis connections, one for each purpose, made here and nowhere else: what a connection should do while Redis is
 * away differs by what it is for.
 *
 * - `commands`       short reads and writes (limits, presence): wait for a moment, then fail
 * - `publisher`      fails at once: what was not published is found by positioning, and must not arrive in a flood
 * - `subscriber`     waits for ever and subscribes again by itself
 * - `queueProducer`  fails at once, so that no request hangs on the queue; a sweeper enqueues later
 * - `worker`         waits for ever (BullMQ's workers demand it)
 */
export const REDIS_PURPOSES = ['commands', 'publisher', 'subscriber', 'queueProducer', 'worker'] as const;
export type RedisPurpose = (typeof REDIS_PURPOSES)[number];

/** Reconnecting: quickly at first, and never slower than 2 s, since live updates wait for it. */
export const redisRetryDelayMs = (attempt: number): number => Math.min(attempt * 200, 2_000);

const CLOSE_WITHIN_MS = 2_000;

type Behaviour = Pick<RedisOptions, 'maxRetriesPerRequest' | 'autoResendUnfulfilledCommands' | 'autoResubscribe'>;

const BY_PURPOSE: Record<RedisPurpose, Behaviour> = {
  commands: { maxRetriesPerRequest: 1 },
  publisher: { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
  queueProducer: { maxRetriesPerRequest: 0 },
  worker: { maxRetriesPerRequest: null },
};

const FAILS_AT_ONCE: ReadonlySet<RedisPurpose> = new Set(['publisher', 'queueProducer']);

export interface RedisConnections {
  /** The process's connection for a purpose; made at the first call, the same from then on. */
  get(purpose: RedisPurpose): Redis;
  /** One more of a purpose, for owners that must not share (the adapter's subscriber). Closed with the others. */
  another(purpose: RedisPurpose, label: string): Redis;
  /** Ends them all: politely, and after two seconds anyhow. */
  close(): Promise<void>;
}

/** @param name the process, seen in `CLIENT LIST` as `muster-<name>-<purpose>` */
export function createRedisConnections({
  url,
  name,
  logger,
}: {
  url: string;
  name: string;
  logger: Logger;
}): RedisConnections {
  const shared = new Map<RedisPurpose, Redis>();
  const all: Redis[] = [];

  const make = (purpose: RedisPurpose, label: string): Redis => {
    const redis = new Redis(url, {
      ...BY_PURPOSE[purpose],
      connectionName: `muster-${name}-${label}`,
      retryStrategy: redisRetryDelayMs,
      connectTimeout: 5_000,
    });
    watchHealth(redis, logger, label);
    if (FAILS_AT_ONCE.has(purpose)) {
      // Only from the first connection on: what is asked during it is not late, and would fail for nothing.
      redis.once('ready', () => (redis.options.enableOfflineQueue = false));
    }
    all.push(redis);
    return redis;
  };

  return {
    get: (purpose) => {
      const redis = shared.get(purpose) ?? make(purpose, purpose);
      shared.set(purpose, redis);
      return redis;
    },
    another: make,
    close: async () => {
      await Promise.all(all.splice(0).map(closeConnection));
      shared.clear();
    },
  };
}

/**
 * Waits until a connection takes commands: those that fail at once would otherwise do so during the first handshake.
 *
 * @throws if Redis is not there within `timeoutMs`
 */
export async function whenRedisReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('end', onEnd);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onReady = () => settle();
    const onEnd = () => settle(new Error('the Redis connection was closed'));
    const timer = setTimeout(() => settle(new Error(`Redis does not answer within ${timeoutMs} ms`)), timeoutMs);
    redis.once('ready', onReady);
    redis.once('end', onEnd);
  });
}

/** Without an error listener a lost Redis would end the process. An outage is told once, and its end once. */
function watchHealth(redis: Redis, logger: Logger, connection: string): void {
  let isDown = false;
  redis.on('error', (err: Error) => {
    if (isDown) return logger.debug({ connection, err }, 'redis is still away');
    isDown = true;
    logger.warn({ connection, err }, 'redis is away');
  });
  redis.on('ready', () => {
    if (isDown) logger.info({ connection }, 'redis is back');
    isDown = false;
  });
}

async function closeConnection(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return redis.disconnect();
  const timer = setTimeout(() => redis.disconnect(), CLOSE_WITHIN_MS);
  await redis.quit().catch(() => redis.disconnect());
  clearTimeout(timer);
}
