import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIST, MemoryRedis, MemoryWorld } from './test/memory-world.ts';

let one: MemoryWorld;
let two: MemoryWorld;
beforeEach(async () => {
  vi.useFakeTimers();
  const redis = new MemoryRedis();
  one = new MemoryWorld({ redis, id: 'one' });
  two = new MemoryWorld({ redis, feed: one.feed, id: 'two' });
  one.others.push(two);
  two.others.push(one);
  one.feed.make(LIST, { ada: 'owner', ben: 'editor' });
  await Promise.all([one.bus.start(), two.bus.start()]);
});
afterEach(() => {
  one.bus.stop();
  two.bus.stop();
  vi.useRealTimers();
});

async function openAt(world: MemoryWorld, userId: string) {
  const socket = world.connect(userId);
  await socket.open();
  return socket;
}
const latest = (socket: Awaited<ReturnType<typeof openAt>>) => socket.all('presence:state').at(-1)?.who;

test('is told on both gateways, an entry a person, the latest of their sockets', async () => {
  const [ada, ben] = [await openAt(one, 'ada'), await openAt(two, 'ben')];
  one.bus.presence.set(LIST, 'ada-1', 'ada', {});
  two.bus.presence.set(LIST, 'ben-1', 'ben', { typing: true });
  await vi.advanceTimersByTimeAsync(10);
  two.bus.presence.set(LIST, 'ada-2', 'ada', { taskId: 't' });
  await vi.advanceTimersByTimeAsync(100);
  const who = [
    { id: 'ada', state: { taskId: 't' } },
    { id: 'ben', state: { typing: true } },
  ];
  expect([latest(ada), latest(ben)]).toEqual([who, who]);
  two.bus.presence.set(LIST, 'ada-2', 'ada', null);
  await vi.advanceTimersByTimeAsync(100);
  expect(latest(ada)?.[0]).toEqual({ id: 'ada', state: {} });
});

test('leaves with the scope, and with the socket', async () => {
  const [ada, ben] = [await openAt(one, 'ada'), await openAt(two, 'ben')];
  two.bus.presence.set(LIST, ben.member.reader.port.id, 'ben', {});
  await vi.advanceTimersByTimeAsync(100);
  expect(latest(ada)).toHaveLength(1);
  ben.member.reader.close(LIST);
  await vi.advanceTimersByTimeAsync(100);
  expect(latest(ada)).toEqual([]);

  await ben.open();
  two.bus.presence.set(LIST, ben.member.reader.port.id, 'ben', {});
  await vi.advanceTimersByTimeAsync(100);
  ben.close();
  await vi.advanceTimersByTimeAsync(100);
  expect(latest(ada)).toEqual([]);
});

test("is gone within 10 s of a gateway's death", async () => {
  const ada = await openAt(one, 'ada');
  two.bus.presence.set(LIST, 'ben-1', 'ben', {});
  await vi.advanceTimersByTimeAsync(100);
  expect(latest(ada)).toHaveLength(1);
  two.others.splice(0);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(latest(ada)).toEqual([]);
});

test('news that was lost comes with the next beat', async () => {
  const ada = await openAt(one, 'ada');
  two.others.splice(0);
  two.bus.presence.set(LIST, 'ben-1', 'ben', {});
  two.others.push(one);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(latest(ada)).toEqual([{ id: 'ben', state: {} }]);
});

test('a gateway that starts later learns who is there', async () => {
  one.bus.presence.set(LIST, 'ada-1', 'ada', {});
  const three = new MemoryWorld({ redis: one.redis, feed: one.feed, id: 'three' });
  three.others.push(one);
  one.others.push(three);
  await three.bus.start();
  await vi.advanceTimersByTimeAsync(3_000);
  const ben = await openAt(three, 'ben');
  expect(latest(ben)).toEqual([{ id: 'ada', state: {} }]);
  three.bus.stop();
});

test('who opens is told who is there, and nobody else is troubled', async () => {
  const ada = await openAt(one, 'ada');
  one.bus.presence.set(LIST, 'ada-1', 'ada', {});
  await vi.advanceTimersByTimeAsync(100);
  const told = ada.all('presence:state').length;
  const ben = await openAt(one, 'ben');
  expect(latest(ben)).toEqual([{ id: 'ada', state: {} }]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ada.all('presence:state')).toHaveLength(told);
});
