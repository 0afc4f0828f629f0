import { createClient } from '@muster/client/client';
import { socketIoTransport } from '@muster/client/socket-io';
import type { MusterClient, Transport } from '@muster/client/types';
import { startGateways, type TestClient, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf } from '@muster/protocol/id';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';

/** As many tasks as a list may have: its snapshot comes in pages, and the world does not wait for the last. */
const TASKS = 19_990;
const PATIENCE = { timeout: 60_000, interval: 100 };
vi.setConfig({ testTimeout: 120_000 });

let product: TestGateways;
let database: pg.Client;
beforeAll(async () => {
  product = await startGateways(2);
  database = new pg.Client(product.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await product.close();
});
const clients: MusterClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
});

type Person = Awaited<ReturnType<TestGateways['person']>>;

/** A full list of Ada's, which Ben may edit. */
async function makeHuge(ada: TestClient, ben: Person) {
  const listId = v7();
  const scope = scopeOf('list', listId);
  await ada.mutate('list.create', { id: listId, title: 'Everything' });
  await ada.mutate('member.invite', { listId, email: ben.email, role: 'editor' });
  await database.query(
    `insert into task (id, scope_id, title, notes, done, priority, assignee_ids, label_ids, pos, created_at, created_by)
     select gen_random_uuid()::text, $1, 'Task ' || n, 'Some words to it', false, 'none', '[]', '[]', 'a' || to_char(n, 'FM000000'), 0, 'x'
     from generate_series(1, ${TASKS}) n`,
    [scope],
  );
  await database.query('update scope set size = size + $2 where id = $1', [scope, TASKS]);
  const { rows } = await database.query<{ id: string }>('select id from task where scope_id = $1 order by id', [scope]);
  return { listId, scope, ids: rows.map(({ id }) => id) };
}

/** A client that asks `between` after each page but the first. */
async function follow(who: Person, between: (page: number) => Promise<void>): Promise<MusterClient> {
  let pages = 0;
  const transport: Transport = {
    connect(url, auth, events) {
      const socket = socketIoTransport.connect(url, auth, events);
      return {
        close: () => socket.close(),
        send(event, data, answer) {
          if (event !== 'scope:page') return socket.send(event, data, answer);
          pages += 1;
          between(pages).then(
            () => socket.send(event, data, answer),
            (error: unknown) => events.closed(String(error)),
          );
        },
      };
    },
  };
  const client = createClient({ url: product.gateways[1]!.url, token: who.token, transport });
  clients.push(client);
  await client.start();
  return client;
}

test('what happens between the pages is there in the end, each task once', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const writer = await product.client(ada);
  const { listId, scope, ids } = await makeHuge(writer, ben);
  const [early, late] = [ids[3]!, ids.at(-3)!];
  const [earlyGone, lateGone] = [ids[5]!, ids.at(-5)!];
  const made = v7();
  let pages = 0;
  const client = await follow(ben, async (page) => {
    pages = page;
    if (page === 1) {
      await writer.mutate('task.update', { id: early, fields: { title: 'Read already' } });
      await writer.mutate('task.update', { id: late, fields: { title: 'Not read yet' } });
      await writer.mutate('task.delete', { id: earlyGone });
      await writer.mutate('task.delete', { id: lateGone });
    }
    if (page === 2) {
      await writer.mutate('task.create', { id: made, listId, title: 'In between', after: null });
      await writer.mutate('task.complete', { id: late, done: true });
    }
  });
  await vi.waitFor(
    () => expect(client.scopeState(scope)).toMatchObject({ state: 'open', isFresh: true, seq: 8 }),
    PATIENCE,
  );
  expect(pages).toBeGreaterThan(3);
  const { rows } = await database.query<{ id: string; title: string; pos: string; done: boolean }>(
    'select id, title, pos, done from task where scope_id = $1 and deleted_at is null order by id',
    [scope],
  );
  const held = client
    .all(scope, 'task')
    .map(({ id, value }) => ({ id, title: value.title, pos: value.pos, done: value.done }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(held).toEqual(rows);
  expect(held).toHaveLength(TASKS - 1);
  expect(client.get('task', late)?.value).toMatchObject({ title: 'Not read yet', done: true });
});

test('whoever is removed between the pages gets no further one, and holds nothing of the list', async () => {
  const [ada, ben] = await Promise.all([product.person('Ada'), product.person('Ben')]);
  const owner = await product.client(ada);
  const { listId, scope } = await makeHuge(owner, ben);
  let pages = 0;
  let hasGone = false;
  const client = await follow(ben, async (page) => {
    pages = page;
    if (page !== 2) return;
    await owner.mutate('member.remove', { listId, userId: ben.userId });
    hasGone = true;
  });
  await vi.waitFor(() => expect(hasGone).toBe(true), PATIENCE);
  await vi.waitFor(() => expect(['absent', 'gone']).toContain(client.scopeState(scope).state), PATIENCE);
  expect(client.all(scope, 'task')).toEqual([]);
  expect(pages).toBe(2);
  // Whatever a client makes of it: the server gives no page.
  const bare = await product.client(ben, product.gateways[1]);
  expect(await bare.ask('scope:page', { scope, next: 'task|' })).toMatchObject({
    ok: false,
    error: { code: 'not_found' },
  });
});
