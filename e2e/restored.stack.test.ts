import 'fake-indexeddb/auto';
import { titlesOf } from '@muster/testing/held-by-client';
import { createClient } from '@muster/client/client';
import { realClock } from '@muster/client/clock';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import { createMemoryDisk, createMemoryStorage } from '@muster/client/memory-storage';
import { socketIoTransport } from '@muster/client/socket-io';
import type { ClientOptions, MusterClient, Transport } from '@muster/client/types';
import { startGateways, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';

/** The product over a database that goes back to what it was: what a restore, or a failover with loss, does. */
let product: TestGateways;
let url: string;
let kept: string[];
const clients: MusterClient[] = [];
beforeEach(async () => {
  product = await startGateways(1);
  url = product.gateways[0]!.url;
  kept = [];
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
  await product.close();
  for (const name of kept) await onServer(`drop database if exists ${name} with (force)`);
});

/** Clients find the gateway that runs now, wherever it listens. */
const wherever: Transport = { connect: (_url, auth, events) => socketIoTransport.connect(url, auth, events) };

async function onServer(sql: string): Promise<void> {
  const server = new URL(product.databaseUrl);
  server.pathname = '/postgres';
  const client = new pg.Client(server.href);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

async function inDatabase<T>(sql: string): Promise<T[]> {
  const client = new pg.Client(product.databaseUrl);
  await client.connect();
  return (await client.query(sql).finally(() => client.end())).rows as T[];
}

const databaseName = () => new URL(product.databaseUrl).pathname.slice(1);
const stop = () => Promise.all(product.gateways.splice(0).map((gateway) => gateway.close()));
const start = async () => void ({ url } = await product.start());

async function backUp(): Promise<string> {
  const name = `${databaseName()}_kept`;
  kept.push(name);
  await stop();
  await onServer(`create database ${name} template ${databaseName()}`);
  await start();
  return name;
}

async function restore(name: string): Promise<void> {
  await stop();
  await onServer(`drop database ${databaseName()} with (force)`);
  await onServer(`create database ${databaseName()} template ${name}`);
  await inDatabase('update log_epoch set epoch = gen_random_uuid()::text');
  await start();
}

type Person = Awaited<ReturnType<TestGateways['person']>>;

async function enter(who: Person, options: Partial<ClientOptions> = {}): Promise<MusterClient> {
  const client = createClient({ url: 'http://wherever', token: who.token, transport: wherever, ...options });
  clients.push(client);
  await client.start();
  await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'online', pending: 0 }), 10_000);
  return client;
}

const isQuiet = async (...some: MusterClient[]) => {
  for (const client of some) client.reconnect();
  await vi.waitFor(() => {
    for (const { status } of some) expect(status).toMatchObject({ connection: 'online', pending: 0 });
  }, 20_000);
};

/** What the log holds of a scope, and whether anything in it was done twice. */
async function logOf(scope: ScopeId) {
  const rows = await inDatabase<{ seq: string; nonce: string | null; txn_id: string }>(
    `select seq, nonce, txn_id from change where scope_id = '${scope}' order by seq`,
  );
  const nonces = rows.flatMap(({ nonce }) => (nonce === null ? [] : [nonce]));
  expect(rows.map(({ seq }) => Number(seq))).toEqual(rows.map((_, at) => at + 1));
  expect(new Set(nonces).size).toBe(nonces.length);
  return rows.length;
}

async function makeList(client: MusterClient) {
  const listId = v7();
  const scope = scopeOf('list', listId);
  await client.mutate('list.create', { id: listId, title: 'Trip' }).outcome;
  const add = (title: string, more: object = {}) => {
    const id = v7();
    return { id, ...client.mutate('task.create', { id, listId, title, ...more }) };
  };
  return { listId, scope, add };
}

/** The id of a task that nobody else sees: whoever takes it is refused by the server, and by no rule of their own. */
async function takenBy(client: MusterClient): Promise<string> {
  const { id, outcome } = (await makeList(client)).add('Mine');
  await outcome;
  return id;
}

test('what was acknowledged and lost is there again, once, in its order', async () => {
  const ada = await enter(await product.person('Ada'));
  const { scope, add } = await makeList(ada);
  const copy = await backUp();
  await isQuiet(ada);
  const first = add('One');
  for (const title of ['Two', 'Three']) add(title);
  add('Zero', { after: null });
  expect(await ada.mutate('task.update', { id: first.id, fields: { title: 'Uno' } }).outcome).toMatchObject({
    status: 'applied',
  });
  await isQuiet(ada);
  await restore(copy);
  await isQuiet(ada);
  expect(titlesOf(ada, scope)).toEqual(['Zero', 'Uno', 'Two', 'Three']);
  expect(await logOf(scope)).toBe(1 + 5);
  expect(await inDatabase(`select title from task where scope_id = '${scope}' order by pos`)).toEqual(
    ['Zero', 'Uno', 'Two', 'Three'].map((title) => ({ title })),
  );
});

test('what was acknowledged and survived is not done again', async () => {
  const [ada, ben] = [await enter(await product.person('Ada')), await enter(await product.person('Ben'))];
  const { scope, listId, add } = await makeList(ada);
  const [one] = [add('One'), add('Two')];
  const away = ada.mutate('task.place', { id: one.id, after: null });
  add('Three', { after: null });
  await away.outcome;
  // Refused: it takes its mid all the same.
  const refused = ada.mutate('task.create', { id: await takenBy(ben), listId, title: 'Taken' });
  expect(await refused.outcome).toMatchObject({ status: 'rejected', code: 'conflict' });
  await isQuiet(ada);
  const before = [await logOf(scope), titlesOf(ada, scope)];
  await restore(await backUp());
  const { clientId } = ada;
  const told: unknown[] = [];
  ada.on('rejected', (one) => told.push(one));
  await isQuiet(ada);
  await vi.waitFor(() => expect(ada.scopeState(scope)).toMatchObject({ isFresh: true }), 10_000);
  expect([await logOf(scope), titlesOf(ada, scope)]).toEqual(before);
  expect([ada.clientId, told]).toEqual([clientId, []]);
});

test('half of it survived: the rest follows, what depends on either included', async () => {
  const [who, other] = [await product.person('Ada'), await product.person('Ben')];
  const [ada, ben] = [await enter(who), await enter(other)];
  const { scope, listId, add } = await makeList(ada);
  await ada.mutate('member.invite', { listId, email: other.email, role: 'editor' }).outcome;
  const survivor = add('Survivor');
  await isQuiet(ada, ben);
  const copy = await backUp();
  await isQuiet(ada, ben);
  await vi.waitFor(() => expect(titlesOf(ben, scope)).toEqual(['Survivor']), 10_000);
  await ada.mutate('task.update', { id: survivor.id, fields: { title: 'Renamed' } }).outcome;
  const lost = add('Lost');
  add('Below it', { parentId: lost.id });
  // The one in between was refused.
  await ada.mutate('task.create', { id: await takenBy(ben), listId, title: 'Taken' }).outcome;
  await ada.mutate('task.complete', { id: lost.id, done: true }).outcome;
  await isQuiet(ada);
  await restore(copy);
  await isQuiet(ada, ben);
  await vi.waitFor(() => expect(titlesOf(ben, scope)).toEqual(titlesOf(ada, scope)), 10_000);
  expect(titlesOf(ada, scope).sort()).toEqual(['Below it', 'Lost', 'Renamed']);
  expect(ben.get('task', lost.id)?.value.done).toBe(true);
  expect(await logOf(scope)).toBe(3 + 4);
});

test('a page that was closed meanwhile offers it from the disk, and so does one with work of its own', async () => {
  const who = await product.person('Ada');
  const name = `muster-${v7()}`;
  const before = await enter(who, { storage: createIndexedDbStorage(name) });
  const { scope, listId, add } = await makeList(before);
  const copy = await backUp();
  await isQuiet(before);
  add('Acknowledged');
  await isQuiet(before);
  await before.stop();
  await restore(copy);
  const nowhere: Transport = {
    connect: (_url, _auth, events) => (events.closed('offline'), { send: () => undefined, close: () => undefined }),
  };
  const offline = createClient({ url: 'http://nowhere', transport: nowhere, storage: createIndexedDbStorage(name) });
  await offline.start();
  offline.mutate('task.create', { id: v7(), listId, title: 'From the train' });
  await offline.stop();
  const after = await enter(who, { storage: createIndexedDbStorage(name) });
  expect(titlesOf(after, scope)).toEqual(['Acknowledged', 'From the train']);
  expect(await logOf(scope)).toBe(1 + 2);
});

test('two tabs offer it once', async () => {
  const who = await product.person('Ada');
  const disk = createMemoryDisk();
  const one = await enter(who, { storage: createMemoryStorage(disk) });
  const two = await enter(who, { storage: createMemoryStorage(disk) });
  const { scope, add } = await makeList(one);
  const copy = await backUp();
  await isQuiet(one, two);
  for (let n = 1; n <= 20; n += 1) add(`T${n}`);
  await isQuiet(one, two);
  await restore(copy);
  await isQuiet(one, two);
  const expected = Array.from({ length: 20 }, (_, n) => `T${n + 1}`);
  await vi.waitFor(() => expect([titlesOf(one, scope), titlesOf(two, scope)]).toEqual([expected, expected]), 10_000);
  expect(await logOf(scope)).toBe(1 + 20);
});

test('more was lost than is kept: what is kept applies once, under a new clientId', async () => {
  let ahead = 0;
  const clock = { ...realClock, now: () => realClock.now() + ahead };
  const ada = await enter(await product.person('Ada'), { clock });
  const { scope, add } = await makeList(ada);
  const copy = await backUp();
  await isQuiet(ada);
  await add('Long ago').outcome;
  await isQuiet(ada);
  ahead = 11 * 60_000;
  // The newest 64 are kept whatever their age.
  const titles = Array.from({ length: 64 }, (_, n) => `Of late ${n + 1}`);
  const kept = titles.map((title) => add(title));
  await kept.at(-1)!.outcome;
  await isQuiet(ada);
  const { clientId } = ada;
  await restore(copy);
  await isQuiet(ada);
  expect(ada.clientId).not.toBe(clientId);
  // Under the id that was given up it is asked for first, and then done again: nothing of it is pending until then.
  await expect.poll(() => titlesOf(ada, scope), { timeout: 15_000 }).toEqual(titles);
  await isQuiet(ada);
  expect(await logOf(scope)).toBe(1 + 64);
});
