import { randomUUID } from 'node:crypto';
import type { FeedRepository, ScopeAsk } from '@muster/db/repositories/feed-types';
import pg from 'pg';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Visitor } from '../http/test/start-http.ts';
import { makeList, startGateways, TestClient, type TestGateways } from './start-gateways.ts';

/** Hundreds come back at once, with what they hold. */
const CLIENTS = 300;
const POOL = 6;
const COMMITS = 2;
/** Of the pool, as many reads for sockets at once. */
const READS_AT_ONCE = 4;
const MISSED = 20;

let product: TestGateways;
let ada: Visitor;
let watch: pg.Client;
/** What was read for opens and pulls, and what came of it. */
const reads: { asks: readonly ScopeAsk[]; rows: number }[] = [];
let atOnce = 0;
let mostAtOnce = 0;

const counted = (feed: FeedRepository): FeedRepository => ({
  ...feed,
  readScopes: async (asks) => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    try {
      const answers = await feed.readScopes(asks);
      const rows = answers.map(({ read } = { read: undefined } as never) =>
        read === undefined ? 0 : read.kind === 'changes' ? read.changes.length : read.entities.length,
      );
      reads.push({ asks, rows: rows.reduce((sum, count) => sum + count, 0) });
      return answers;
    } finally {
      atOnce -= 1;
    }
  },
});

let clients: TestClient[];
/** While all of them connected. */
let connectionsAtTheDoor: number;

beforeAll(async () => {
  product = await startGateways(2, { wrapFeed: counted, env: { DATABASE_POOL: String(POOL) } });
  ada = await product.person('Ada');
  watch = new pg.Client(product.databaseUrl);
  await watch.connect();
  clients = Array.from({ length: CLIENTS }, (_, n) => {
    return new TestClient(product.gateways[n % 2]!, { token: ada.token, clientId: randomUUID() });
  });
  const connecting = Promise.all(clients.map((client) => client.next('hello', undefined, 60_000)));
  connectionsAtTheDoor = await mostConnections(connecting);
}, 90_000);
afterAll(async () => {
  for (const { socket } of clients) socket.disconnect();
  await watch.end();
  await product.close();
});

/** The most connections to the database while `work` goes on, without this one. */
async function mostConnections(work: Promise<unknown>): Promise<number> {
  let most = 0;
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) {
    const { rows } = await watch.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    most = Math.max(most, rows[0]!.count);
  }
  await done;
  return most;
}

/** A list with changes that the clients have and changes that they missed. */
async function makeMissed() {
  const writer = await product.client(ada);
  const { id: listId, scope } = await makeList(writer);
  const add = async (count: number) => {
    for (let n = 0; n < count; n++) await writer.mutate('task.create', { id: v7(), listId, title: `Task ${n}` });
  };
  return { writer, scope, add };
}

/** All ask in one instant, half of them at each gateway. */
async function storm(scope: string, seq: number) {
  const after = { seq, logEpoch: product.gateways[0]!.bus.logEpoch };
  [reads.length, mostAtOnce] = [0, 0];
  const answering = Promise.all(clients.map((client) => client.get('scope:open', { scopes: [{ scope, after }] })));
  const connections = await mostConnections(answering);
  const results = (await answering).map(({ results: [result] }) => result!);
  for (const result of results) {
    expect(result.kind === 'changes' && result.changes.map((change) => change.seq)).toEqual(
      Array.from({ length: MISSED }, (_, n) => seq + 1 + n),
    );
  }
  expect(mostAtOnce).toBeLessThanOrEqual(2 * READS_AT_ONCE);
  expect(connections).toBeLessThanOrEqual(2 * (POOL + COMMITS));
}

/** All of them are in the room, once. */
async function expectAllJoined(writer: TestClient, scope: string, seq: number) {
  await writer.mutate('list.rename', { id: scope.slice('list:'.length), title: 'After the storm' });
  for (const client of clients) {
    await client.next('scope:changes', (packet) => packet.scope === scope && packet.to === seq);
    expect(client.seqs(scope)).toEqual([seq]);
  }
}

test('all at the door at once take no more connections than there are', () => {
  expect(connectionsAtTheDoor).toBeLessThanOrEqual(2 * (POOL + COMMITS));
});

test('what the ring holds costs Postgres no row: rights and epochs are read, a few for all at once', async () => {
  const { writer, scope, add } = await makeMissed();
  const watchers = await Promise.all(product.gateways.map((gateway) => product.client(ada, gateway)));
  for (const watcher of watchers) await watcher.get('scope:open', { scopes: [{ scope }] });
  await add(MISSED);
  for (const watcher of watchers) await watcher.next('scope:changes', ({ to }) => to === 1 + MISSED);
  await storm(scope, 1);
  expect(reads.reduce((sum, { rows }) => sum + rows, 0)).toBe(0);
  expect(reads.every(({ asks }) => asks.every(({ after }) => after?.seq === 1 + MISSED))).toBe(true);
  await expectAllJoined(writer, scope, 2 + MISSED);
}, 60_000);

test('what no gateway holds is read together: in fewer reads than there are clients', async () => {
  const { writer, scope, add } = await makeMissed();
  await add(MISSED);
  await storm(scope, 1);
  expect(reads.length).toBeLessThan(CLIENTS / 4);
  await expectAllJoined(writer, scope, 2 + MISSED);
}, 60_000);
