/**
 * A corner of the run's Redis for a test suite: x.redis.test.ts or x.stack.test.ts.
 *
 *     const { url, prefix } = createTestRedis();
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

/** The run's Redis, and a prefix that no other suite has: for keys, channels, queues and the adapter alike. */
export function createTestRedis(): { url: string; prefix: string } {
  const url = inject('redisUrl');
  if (url === undefined) throw new Error('this file has no Redis: call it *.redis.test.ts or *.stack.test.ts');
  return { url, prefix: `test-${randomBytes(6).toString('hex')}` };
}
