import type { Packet } from '@muster/protocol/change';
import { scopeOf } from '@muster/protocol/id';
import { expect, test } from 'vitest';
import { VirtualTime } from '../time/virtual-time.ts';
import { SimRedis } from './redis.ts';
import { fairGateway } from './weather.ts';

const SCOPE = scopeOf('list', '018bcfe5-6800-76f1-8414-b216ac9182f3');
const packet: Packet = { scope: SCOPE, from: 1, to: 1, changes: [], aclEpoch: 1, logEpoch: '' };

test('a scope that is let go of and wanted again while Redis is away is heard once it is back', async () => {
  const time = new VirtualTime();
  const redis = new SimRedis(time, 1);
  const weather = fairGateway();
  const heard: Packet[] = [];
  let readied = 0;
  const listener = {
    onPacket: (one: Packet) => void heard.push(one),
    onRunEntry: () => undefined,
    onReady: () => void (readied += 1),
  };
  const line = redis.connect(listener, weather, () => undefined);
  const wanted = line.subscribe([SCOPE]);
  await time.runUntil(100);
  await wanted;

  weather.isCutFromRedis = true;
  line.unsubscribe(SCOPE);
  // Nobody who opens waits for a Redis that is away.
  await line.subscribe([SCOPE]);
  weather.isCutFromRedis = false;
  redis.restored(weather);
  await time.runUntil(200);
  expect(readied).toBe(1);

  line.publish([packet]);
  await time.runUntil(300);
  expect(heard).toEqual([packet]);
});
