import type { Publish } from '@muster/db/commit/types';
import type { RedisNames } from '@muster/protocol/internal/channels';
import type { Logger } from '@muster/runtime/logger';
import type { CommitTraces } from '@muster/runtime/trace-commits';
import type { Redis } from 'ioredis';

/**
 * Sends what was committed on its way to the gateways. Never throws and never waits: a packet that is lost is found by
 * their positioning.
 *
 * @param redis a connection that fails at once
 */
export function createPublish({
  redis,
  names,
  logger,
  traces,
}: {
  redis: Redis;
  names: RedisNames;
  logger: Logger;
  traces: CommitTraces;
}): Publish {
  return (packets) => {
    for (const packet of packets) {
      const { scope } = packet;
      traces
        .publish(packet, (json) => redis.publish(names.scopeChannel(scope), json))
        .catch((err: unknown) => logger.debug({ err, scope }, 'a packet was not published'));
    }
  };
}
