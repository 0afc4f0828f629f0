import type { Packet } from '@muster/protocol/change';
import { scopeOf } from '@muster/protocol/id';
import { redisNames } from '@muster/protocol/internal/channels';
import { silentLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections, whenRedisReady } from '@muster/runtime/redis';
import { createCommitTraces } from '@muster/runtime/trace-commits';
import { noTracing } from '@muster/runtime/tracing';
import { createTestRedis } from '@muster/testing/redis';
import { expect, test, vi } from 'vitest';
import { createBusMetrics } from './bus-metrics.ts';
import { createRedisBridge } from './redis-bridge.ts';

const SCOPE = scopeOf('list', '018bcfe5-6800-76f1-8414-b216ac9182f3');
const packet: Packet = { scope: SCOPE, from: 1, to: 0, changes: [], aclEpoch: 1, logEpoch: 'e' };
const none = () => 0;
const sizes = { sockets: none, entries: none, watchedRuns: none, laggingSockets: none, waitingReads: none };

test('a scope that is let go of and wanted again while Redis is away is heard once it is back', async () => {
  const { url, prefix } = createTestRedis();
  const redis = createRedisConnections({ url, name: 'bridge', logger: silentLogger() });
  const heard: Packet[] = [];
  let readied = 0;
  const bridge = createRedisBridge({
    redis,
    names: redisNames(prefix),
    gatewayId: 'g',
    metrics: createBusMetrics(createMetrics({ hasProcessMetrics: false }), sizes),
    listener: {
      onPacket: (one) => void heard.push(one),
      onRunEntry: () => undefined,
      onReady: () => void (readied += 1),
    },
    tracing: noTracing,
    traces: createCommitTraces(noTracing, (name) => name),
  });
  const subscriber = redis.get('subscriber');
  await Promise.all([whenRedisReady(subscriber), whenRedisReady(redis.get('publisher'))]);
  await bridge.subscribe([SCOPE]);
  bridge.publish([packet]);
  await vi.waitFor(() => expect(heard).toHaveLength(1));

  const before = readied;
  subscriber.disconnect(true);
  await vi.waitFor(() => expect(bridge.isUp()).toBe(false));
  bridge.unsubscribe(SCOPE);
  await bridge.subscribe([SCOPE]);
  expect(bridge.isUp()).toBe(false);
  await vi.waitFor(() => expect(readied).toBe(before + 1), { timeout: 5_000 });
  bridge.publish([packet]);
  await vi.waitFor(() => expect(heard).toHaveLength(2));
  bridge.close();
  await redis.close();
});
