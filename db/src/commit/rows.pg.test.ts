import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { encodeRows, ROW_TYPES, type RowType } from './rows.ts';

let database: TestDatabase;
let client: pg.Client;
let oids: Map<RowType, number>;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client.query<{ typname: RowType; oid: number }>(
    `select typname, oid from pg_type where typname = any ($1)`,
    [ROW_TYPES],
  );
  oids = new Map(rows.map(({ typname, oid }) => [typname, oid]));
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What Postgres makes of them, each row as json. */
async function readBack(type: RowType, rows: unknown[][]): Promise<Record<string, unknown>[]> {
  const { rows: found } = await client.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(($1::${type}[])[n]) as row from generate_series(1, cardinality($1::${type}[])) n order by n`,
    [encodeRows({ type, rows }, oids.get(type)!)],
  );
  return found.map(({ row }) => row);
}

const WORDS = [
  '',
  'plain',
  'two "of" \\ them, {a,b}',
  'Ünïcode ✓ 日本 👩‍🚀',
  "it's\n\ttabbed",
  'NULL',
  'x'.repeat(40_000),
];

test('every type of row: Postgres reads what was written, whatever is in it', async () => {
  const [most, long] = [Number.MAX_SAFE_INTEGER, 1_790_000_000_123];
  expect(
    await readBack('commit_client_row', [
      ['a', 'b', 0, most],
      ['c', 'd', 2 ** 32 - 1, 2 ** 32],
      ['e', null, long, undefined],
      ['f', 'g', -1, 2 ** 31],
    ]),
  ).toEqual([
    { id: 'a', principal: 'b', mid_before: 0, mid: most },
    { id: 'c', principal: 'd', mid_before: 2 ** 32 - 1, mid: 2 ** 32 },
    { id: 'e', principal: null, mid_before: long, mid: null },
    { id: 'f', principal: 'g', mid_before: -1, mid: 2 ** 31 },
  ]);
  expect(await readBack('commit_scope_row', [['list:1', 7, long, 20_000, 6, 19_999, 'list:2']])).toEqual([
    {
      ...{ id: 'list:1', head: 7, head_at: long, size: 20_000, head_before: 6 },
      ...{ size_before: 19_999, acl: 'list:2' },
    },
  ]);
  expect(await readBack('commit_acl_row', [])).toEqual([]);
  expect(await readBack('commit_role_row', [['list:1', 'me', 'owner']])).toEqual([
    { acl: 'list:1', subject: 'me', role: 'owner' },
  ]);
  const due = { date: '2026-12-01', time: '09:30', zone: 'Europe/Paris' };
  const tasks = WORDS.map((words, n) => [
    ...[`id ${n}`, 'list:1', null, words, words, n % 2 === 0, n % 2 === 0 ? long : null, n % 2 === 0 ? due : null],
    ...['high', [], [words], 'a0', long, 'me', null, undefined, { title: [3, 'me', words] }],
  ]);
  expect(await readBack('commit_task_row', tasks)).toEqual(
    WORDS.map((words, n) => ({
      ...{ id: `id ${n}`, scope_id: 'list:1', parent_id: null, title: words, notes: words, done: n % 2 === 0 },
      ...{ done_at: n % 2 === 0 ? long : null, due: n % 2 === 0 ? due : null, priority: 'high', assignee_ids: [] },
      ...{ label_ids: [words], pos: 'a0', created_at: long, created_by: 'me', deleted_at: null, deleted_txn: null },
      field_seq: { title: [3, 'me', words] },
    })),
  );
  const effects = [{ op: 'put', type: 'task', id: 'a', value: { title: WORDS[2], at: 1.5, no: null } }];
  expect(
    await readBack('commit_change_row', [
      [...['list:1', 1, 'txn', 'me', null, 'client', 5, 'nonce', 1, null, effects, [null], null, long], WORDS],
      [...['list:1', 2, 'txn', 'me', 'her', null, null, null, 1, 0, [], [], [1], long], []],
      [...['list:1', 3, 'txn', 'me', 'her', null, null, null, 1, 0, [], [], [], long], undefined],
    ]),
  ).toEqual([
    {
      ...{ scope_id: 'list:1', seq: 1, txn_id: 'txn', actor: 'me', actor_for: null, client_id: 'client', mid: 5 },
      ...{ nonce: 'nonce', acl_epoch: 1, base: null, effects, prev: [null], overwrote: null, at: long, touched: WORDS },
    },
    {
      ...{ scope_id: 'list:1', seq: 2, txn_id: 'txn', actor: 'me', actor_for: 'her', client_id: null, mid: null },
      ...{ nonce: null, acl_epoch: 1, base: 0, effects: [], prev: [], overwrote: [1], at: long, touched: [] },
    },
    {
      ...{ scope_id: 'list:1', seq: 3, txn_id: 'txn', actor: 'me', actor_for: 'her', client_id: null, mid: null },
      ...{ nonce: null, acl_epoch: 1, base: 0, effects: [], prev: [], overwrote: [], at: long, touched: null },
    },
  ]);
});

test('more rows than the first piece of memory holds', async () => {
  const rows = Array.from({ length: 3_000 }, (_, n) => [`client ${n}`, '日'.repeat(n % 50), n, n * 2 ** 33]);
  const found = await readBack('commit_client_row', rows);
  expect(found).toEqual(rows.map(([id, principal, mid_before, mid]) => ({ id, principal, mid_before, mid })));
});

test('what the database does not take is refused by it, and nothing else comes to harm', async () => {
  await expect(readBack('commit_role_row', [['a\0b', 'me', 'owner']])).rejects.toMatchObject({ code: '22021' });
  await expect(readBack('commit_change_row', [Array(15).fill(null).with(10, ['\0'])])).rejects.toMatchObject({
    code: '22P05',
  });
  expect(await readBack('commit_role_row', [['a', 'me', 'owner']])).toHaveLength(1);
});
