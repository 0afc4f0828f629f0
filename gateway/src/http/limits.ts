import { MusterError } from '@muster/protocol/error';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf } from './network-of.ts';

/** Who may do how much: `points` in `windowMs`. */
export interface Limit {
  points: number;
  windowMs: number;
}

export const LIMIT_NAMES = ['address', 'accounts', 'user', 'socket', 'handshake', 'invites'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];
const BY_ADDRESS: ReadonlySet<LimitName> = new Set(['address', 'accounts', 'handshake']);

const WINDOWS_MS: Record<LimitName, number> = {
  address: 10_000,
  accounts: 60_000,
  user: 10_000,
  socket: 1_000,
  handshake: 10_000,
  invites: 3_600_000,
};
const POINTS: Record<LimitName, { production: number; local: number }> = {
  address: { production: 300, local: 20_000 },
  accounts: { production: 20, local: 3_000 },
  user: { production: 300, local: 5_000 },
  socket: { production: 100, local: 1_000 },
  handshake: { production: 60, local: 5_000 },
  invites: { production: 60, local: 2_000 },
};

/** A local start's are wide enough for a script with a few accounts and 50 changes a second each. */
export function limitsFor(
  isProduction: boolean,
  points: Partial<Record<LimitName, number | undefined>> = {},
): Record<LimitName, Limit> {
  const limits = {} as Record<LimitName, Limit>;
  for (const name of LIMIT_NAMES) {
    limits[name] = {
      points: points[name] ?? POINTS[name][isProduction ? 'production' : 'local'],
      windowMs: WINDOWS_MS[name],
    };
  }
  return limits;
}

export interface Limits {
  /**
   * Takes one of `key`'s points. Addresses share those of their network.
   * @throws {MusterError} `rate_limited` with `retryAfterMs`
   */
  take(name: LimitName, key: string, points?: number): Promise<void>;
}

/** No limits at all: for measurements. */
export const noLimits: Limits = { take: async () => undefined };

/**
 * Counted in Redis, so that all gateways share one count; in memory while Redis is away, so that nothing is unlimited and
 * nobody is locked out. A socket lives in one process: its count never leaves it.
 */
export function createLimits({
  redis,
  prefix,
  limits,
}: {
  redis: Redis;
  prefix: string;
  limits: Record<LimitName, Limit>;
}): Limits {
  const limiters = new Map<LimitName, RateLimiterMemory | RateLimiterRedis>();
  for (const name of LIMIT_NAMES) {
    const { points, windowMs } = limits[name];
    const options = { keyPrefix: `${prefix}:${name}`, points, duration: windowMs / 1000 };
    const memory = new RateLimiterMemory(options);
    limiters.set(
      name,
      name === 'socket'
        ? memory
        : new RateLimiterRedis({
            ...options,
            storeClient: redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: memory,
            // Who is over the limit costs Redis nothing until the window has passed.
            inMemoryBlockOnConsumed: points + 1,
          }),
    );
  }
  return {
    take: async (name, key, points = 1) => {
      try {
        await limiters.get(name)?.consume(BY_ADDRESS.has(name) ? networkOf(key) : key, points);
      } catch (fault) {
        if (!(fault instanceof RateLimiterRes)) throw fault;
        throw new MusterError('rate_limited', 'That was too much at once. Wait a moment and try again.', {
          retryAfterMs: Math.max(1, fault.msBeforeNext),
        });
      }
    },
  };
}
