import type { Publish } from '@muster/db/commit/types';
import type { RedisNames } from '@muster/protocol/internal/channels';
import type { Logger } from '@muster/runtime/logger';
import type { Redis } from 'ioredis';

/**
 * Sends what was committed on its way to the gateways. Never throws and never waits: a packet that is lost is found by
 * their positioning.
 *
 * @param redis a connection that fails at once
 */
export function createPublish({ redis, names, logger }: { redis: Redis; names: RedisNames; logger: Logger }): Publish {
  return (packets) => {
    for (const packet of packets) {
      redis.publish(names.scopeChannel(packet.scope), JSON.stringify(packet)).catch((err: unknown) => {
        logger.debug({ err, scope: packet.scope }, 'a packet was not published');
      });
    }
  };
}
