import { agentRunJobId, QUEUES } from '@muster/protocol/internal/jobs';
import { redisNames } from '@muster/protocol/internal/channels';
import { RUN_STREAM_FIELD, type NewRunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Item } from '@muster/protocol/run';
import { messageIdOf, runIdOf } from '@muster/domain/run-ids';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Visitor } from '../http/test/start-http.ts';
import { makeList, startGateways, type TestClient, type TestGateways } from './start-gateways.ts';

let product: TestGateways;
let redis: Redis;
let ada: Visitor;
let ben: Visitor;
beforeAll(async () => {
  product = await startGateways(2);
  redis = new Redis(product.redisUrl);
  [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
});
afterAll(async () => {
  redis.disconnect();
  await product.close();
});

const WORDS = Array.from({ length: 120 }, (_, n) => `word${n} `);
const TEXT = WORDS.join('');

/** A worker's side of a run: the claim, the stream, the item's end and the run's. */
async function startRun() {
  const [one, two] = [await product.client(ada), await product.client(ben, product.gateways[1])];
  const { id: listId } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  const [threadId, messageId] = [v7(), v7()];
  await one.mutate('thread.create', { id: threadId, listId, title: 'Plan' });
  await one.mutate('message.send', { id: messageId, threadId, text: 'Plan it' });
  const runId = runIdOf(messageId);
  const { commit } = product.gateways[0]!;
  const asAgent = (name: string, args: unknown) =>
    commit({ actor: { id: ada.userId, kind: 'person' }, commands: [{ name, args }], trusted: true });
  expect((await asAgent('run.claim', { runId })).status).toBe('applied');

  const names = redisNames(product.prefix);
  let n = 0;
  const append = async (entry: NewRunStreamEntry) => {
    n += 1;
    const json = JSON.stringify({ n, ...entry });
    await redis
      .multi()
      .xadd(names.runStream(runId), `${n}-0`, RUN_STREAM_FIELD, json)
      .publish(names.runChannel(runId), json)
      .exec();
  };
  let offset = 0;
  const itemId = `${runId}:1`;
  const say = async (word: string, e = 1) => {
    await append({ a: 1, e, k: 'text', i: itemId, o: offset, d: word });
    offset += word.length;
  };
  const item: Item = {
    id: itemId,
    n: 1,
    kind: 'message',
    callId: null,
    body: { messageId: messageIdOf(runId, 1) },
    state: 'done',
  };
  const end = async () => {
    await asAgent('run.item', { runId, attempt: 1, item, text: TEXT });
    await append({ a: 1, e: 1, k: 'item', d: item });
    await asAgent('run.end', { runId, attempt: 1, status: 'completed' });
    await append({ a: 1, e: 1, k: 'status', d: { status: 'completed' } });
  };
  return { one, two, listId, threadId, runId, itemId, say, end };
}

/** What a viewer has read, by the contract's rules. */
function reading(client: TestClient, itemId: string, start = '') {
  let text = start;
  for (const chunk of client.all('run:chunk')) {
    if (chunk.itemId !== itemId) continue;
    expect(chunk.offset).toBeLessThanOrEqual(text.length);
    text += chunk.text.slice(text.length - chunk.offset);
  }
  return text;
}

async function killSubscribers(): Promise<void> {
  const list = (await redis.client('LIST')) as string;
  for (const [, id] of list.matchAll(/^id=(\d+) .* name=muster-gateway-subscriber /gm))
    await redis.client('KILL', 'ID', id!);
}

test('both viewers, on two gateways, read the exact text although their subscribers are killed while it streams', async () => {
  const { one, two, runId, itemId, say, end } = await startRun();
  expect(await one.get('run:watch', { runId })).toMatchObject({
    status: 'running',
    attempt: 1,
    items: [],
    current: null,
  });
  for (const [index, word] of WORDS.entries()) {
    if (index === 30) await two.get('run:watch', { runId });
    if (index % 25 === 12) await killSubscribers();
    await say(word);
  }
  await end();
  for (const client of [one, two]) {
    await client.next('run:status', ({ status }) => status === 'completed');
    expect(client.all('run:item').at(-1)?.item).toMatchObject({ id: itemId, state: 'done' });
  }
  expect(reading(one, itemId)).toBe(TEXT);
});

test('who joins in the middle, and who comes back with a position, gets the rest and no more', async () => {
  const { two, runId, itemId, say, end } = await startRun();
  for (const word of WORDS.slice(0, 50)) await say(word);
  const have = WORDS.slice(0, 20).join('');
  const { current } = await two.get('run:watch', { runId, after: { itemId, offset: have.length } });
  expect(current).toEqual({ itemId, offset: have.length, text: WORDS.slice(20, 50).join('') });
  for (const word of WORDS.slice(50)) await say(word);
  await end();
  await two.next('run:status', ({ status }) => status === 'completed');
  expect(reading(two, itemId, have + current!.text)).toBe(TEXT);
  expect(await two.get('run:watch', { runId })).toMatchObject({
    status: 'completed',
    items: [{ id: itemId }],
    current: null,
  });
});

test('a stream that Redis lost: the log brings words and end', async () => {
  const { one, runId, itemId, say, end } = await startRun();
  await one.get('run:watch', { runId });
  for (const word of WORDS.slice(0, 10)) await say(word);
  await redis.del(redisNames(product.prefix).runStream(runId));
  await end();
  await one.next('run:status', ({ status }) => status === 'completed');
  expect(reading(one, itemId)).toBe(TEXT);
});

test('a removed member reads no further token', async () => {
  const { one, two, listId, threadId, runId, itemId, say } = await startRun();
  for (const client of [one, two]) await client.get('run:watch', { runId });
  await say('before ');
  await two.next('run:chunk');
  await one.mutate('member.remove', { listId, userId: ben.userId });
  await two.next('scope:gone', ({ scope }) => scope === `thread:${threadId}`, 1_000);
  for (let n = 0; n < 20; n++) await say('secret ', 2);
  await one.next('run:chunk', ({ text }) => text.includes('secret'));
  expect(reading(two, itemId)).toBe('before ');
});

test('a message queues its run once, under the attempt that it waits for; stopping pokes the workers', async () => {
  const names = redisNames(product.prefix);
  const queue = new Queue(QUEUES.runs, { connection: { url: product.redisUrl } as never, prefix: names.queuePrefix });
  const poked: string[] = [];
  const listener = redis.duplicate();
  await listener.subscribe(names.stopChannel);
  listener.on('message', (_channel, runId: string) => void poked.push(runId));
  const one = await product.client(ada);
  const [threadId, messageId] = [v7(), v7()];
  await one.mutate('thread.create', { id: threadId, title: 'Mine' });
  await one.mutate('message.send', { id: messageId, threadId, text: 'Plan it' });
  const runId = runIdOf(messageId);
  await expect.poll(() => queue.getJob(agentRunJobId(runId, 0))).toMatchObject({ name: 'agent-run', data: { runId } });
  expect(await one.get('run:stop', { runId })).toEqual({ status: 'stopped' });
  await expect.poll(() => poked).toEqual([runId]);
  listener.disconnect();
  await queue.close();
});
