import { readFileSync } from 'node:fs';
import type { FeedRepository } from '@muster/db/repositories/feed-types';
import { redisNames } from '@muster/protocol/internal/channels';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../app.ts';
import type { Visitor } from '../http/test/start-http.ts';
import { makeList, startGateways, type TestGateways } from './start-gateways.ts';

/** Two real gateways on a real Redis and Postgres, and what goes wrong between them. */
let product: TestGateways;
let redis: Redis;
let ada: Visitor;
let ben: Visitor;
/** What the second gateway's reads are turned into. */
let isBlind = false;
let second: Gateway;

beforeAll(async () => {
  product = await startGateways(1);
  second = await product.start({
    wrapFeed: (feed): FeedRepository => ({
      ...feed,
      readMembers: async (scope) => {
        if (isBlind) throw new Error('the members cannot be read');
        return feed.readMembers(scope);
      },
    }),
  });
  redis = new Redis(product.redisUrl);
  [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
});
afterAll(async () => {
  redis.disconnect();
  await product.close();
});

async function sharedList() {
  const [one, two] = [await product.client(ada), await product.client(ben, second)];
  const { id: listId, scope } = await makeList(one);
  await one.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  for (const client of [one, two]) await client.get('scope:open', { scopes: [{ scope }] });
  const add = (title: string) => one.mutate('task.create', { id: v7(), listId, title });
  return { one, two, listId, scope, add };
}

/** Ends connections of the gateways to Redis as an operator would, or a network. */
async function killSubscribers(): Promise<number> {
  const list = (await redis.client('LIST')) as string;
  const ids = list.split('\n').flatMap((line) => {
    const found = /^id=(\d+) .* name=muster-gateway-subscriber /.exec(line);
    return found ? [found[1]!] : [];
  });
  for (const id of ids) await redis.client('KILL', 'ID', id);
  return ids.length;
}

test("a gateway emits to its own sockets only: another's removed member hears nothing while it cannot evict", async () => {
  const { one, two, listId, scope, add } = await sharedList();
  isBlind = true;
  try {
    await one.mutate('member.remove', { listId, userId: ben.userId });
    for (const title of ['secret 1', 'secret 2', 'secret 3']) await add(title);
    await one.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('secret 3'));
    // The first gateway has told its own; had it told by the adapter, the second would have passed it on by now.
    await two.next('scope:heads', ({ heads }) => (heads[scope] ?? 0) > 3);
    expect(JSON.stringify(two.heard)).not.toContain('secret');
  } finally {
    isBlind = false;
  }
  expect(await two.next('scope:gone')).toEqual({ scope, reason: 'removed' });
  expect(JSON.stringify(two.heard)).not.toContain('secret');
});

test('a removed member is told within a second, and gets nothing that was committed after', async () => {
  const { one, two, listId, scope, add } = await sharedList();
  const removed = one.mutate('member.remove', { listId, userId: ben.userId });
  const later = Array.from({ length: 20 }, (_, n) => add(`secret ${n}`));
  await removed;
  await two.next('scope:gone', (gone) => gone.scope === scope, 1_000);
  await Promise.all(later);
  await one.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('secret 19'));
  expect(JSON.stringify(two.heard)).not.toContain('secret');
});

describe('Redis', () => {
  test('subscribers that are killed again and again lose no change, and none comes twice or out of order', async () => {
    const { two, scope, add } = await sharedList();
    let killed = 0;
    for (let n = 0; n < 60; n++) {
      if (n % 12 === 5) killed += await killSubscribers();
      await add(`Task ${n}`);
    }
    expect(killed).toBeGreaterThanOrEqual(2);
    await two.next('scope:changes', ({ to }) => to === 62, 5_000);
    expect(two.seqs(scope)).toEqual(Array.from({ length: 60 }, (_, n) => n + 3));
  });

  test('messages that nobody received are found within five seconds, without another change', async () => {
    const { two, add } = await sharedList();
    // Subscribers are gone at the moment of the commit: its message is lost for the second gateway.
    await killSubscribers();
    await add('lost');
    await two.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('lost'), 5_000);
  });

  test('what is not a packet harms nobody', async () => {
    const { two, scope, add } = await sharedList();
    const names = redisNames(product.prefix);
    for (const junk of [
      '',
      '{',
      'null',
      '[]',
      '{"scope":"x"}',
      `{"scope":"${scope}","from":1,"to":9,"changes":[],"aclEpoch":1,"logEpoch":"x"}`,
    ]) {
      await redis.publish(names.scopeChannel(scope), junk);
      await redis.publish(names.runChannel('x'), junk);
    }
    await add('fine');
    await two.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('fine'));
  });
});

test('presence crosses gateways, and leaves with the socket', async () => {
  const { one, two, scope } = await sharedList();
  await two.get('presence:set', { scope, state: { typing: true } });
  await one.next('presence:state', ({ who }) =>
    who.some(({ id, state }) => id === ben.userId && state.typing === true),
  );
  two.socket.disconnect();
  const seen = one.heard.length;
  await one.next('presence:state', ({ who }) => who.length === 0 && one.heard.length > seen);
});

test('a new name reaches those who share a list, on both gateways', async () => {
  const { two } = await sharedList();
  expect((await ada.call('POST', '/api/auth/update-user', { name: 'Ada Lovelace' })).status).toBe(200);
  expect(await two.next('profile:changed')).toMatchObject({ id: ada.userId, name: 'Ada Lovelace' });
});

test('hundreds of opens at once are all answered', async () => {
  const { one, scope, add } = await sharedList();
  await add('x');
  const clients = await Promise.all(
    Array.from({ length: 40 }, (_, n) => product.client(ada, n % 2 ? second : product.gateways[0]!)),
  );
  const results = await Promise.all(
    clients.flatMap((client) => Array.from({ length: 5 }, () => client.get('scope:open', { scopes: [{ scope }] }))),
  );
  expect(results.every(({ results: [result] }) => result?.kind === 'snapshot')).toBe(true);
  await add('after the storm');
  for (const client of [one, ...clients]) {
    await client.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('after the storm'));
    expect(new Set(client.seqs(scope)).size).toBe(client.seqs(scope).length);
  }
});

test('one socket that reads too much at once is told to wait, and then served', async () => {
  const { one, scope } = await sharedList();
  const answers = await Promise.all(Array.from({ length: 60 }, () => one.ask('scope:pull', { scope })));
  const codes = answers.map((answer) => (answer.ok ? 'ok' : answer.error.code));
  expect(codes.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(16);
  expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThan(0);
  expect((await one.ask('scope:pull', { scope })).ok).toBe(true);
});

test('the metrics tell of all this', async () => {
  const text = await (await fetch(`${second.url}/metrics`)).text();
  for (const name of [
    'sockets',
    'scope_entries',
    'changes_total',
    'delivery_lag_seconds_count',
    'gaps_repaired_total',
    'evictions_total',
    'fence_failures_total',
    'lagging_sockets',
    'sockets_lagged_total',
    'read_queue_depth',
    'read_queue_wait_seconds_count',
    'reads_shared_total',
    'ring_answers_total',
  ]) {
    expect(text).toMatch(new RegExp(`^muster_${name}(\\{.*\\})? \\d`, 'm'));
  }
  // Operators find each of them explained.
  const explained = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const names = [...text.matchAll(/^# TYPE muster_(\S+)/gm)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(25);
  expect(names.filter((name) => !explained.includes(`| \`${name}\` |`))).toEqual([]);
  expect(await (await fetch(`${product.gateways[0]!.url}/metrics`)).text()).toMatch(
    /muster_commands_total\{name="task.create",outcome="applied"/,
  );
});
