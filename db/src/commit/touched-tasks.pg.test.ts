import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listScope, Rig, type Person } from '../../test/rig.ts';
import { createDatabase } from '../connection.ts';
import { seqsOfTask } from '../repositories/history-sql.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
  ada = await rig.person();
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const touchedIn = async (listId: string) =>
  (
    await rig.rows<{ touched: string[] | null }>('select touched from change where scope_id = $1 order by seq', [
      listScope(listId),
    ])
  ).map(({ touched }) => touched);

test('a change is stored with the tasks whose history tells of it', async () => {
  const list = await ada.list();
  const [boat, cabin] = [await ada.task(list), await ada.task(list)];
  const oar = await ada.task(list, { parentId: boat });
  await ada.did('task.place', { id: oar, after: null, parentId: cabin });
  await ada.did('task.update', { id: oar, fields: { title: 'Oar' } });
  await ada.did('task.delete', { id: cabin });
  const labelId = v7();
  await ada.did('label.create', { id: labelId, listId: list, name: 'Sea', color: 'blue' });
  expect(await touchedIn(list)).toEqual([
    null,
    [boat],
    [cabin],
    [oar, boat],
    [oar, cabin, boat],
    [oar],
    expect.toSatisfy((ids: string[]) => [...ids].sort().join() === [cabin, oar].sort().join()),
    null,
  ]);
});

test('a process of the version before, which does not send them, has them found by Postgres: the same', async () => {
  const list = await ada.list();
  const boat = await ada.task(list);
  const oar = await ada.task(list, { parentId: boat });
  await ada.did('task.place', { id: oar, after: null, parentId: null });
  await ada.did('task.place', { id: oar, after: null, parentId: boat });
  await ada.did('task.delete', { id: boat });
  await ada.did('label.create', { id: v7(), listId: list, name: 'Sea', color: 'blue' });
  const sorted = (rows: (string[] | null)[]) => rows.map((ids) => ids && [...ids].sort());
  const found = await rig.rows<{ touched: string[] | null }>(
    'select touched_tasks(effects, prev) as touched from change where scope_id = $1 order by seq',
    [listScope(list)],
  );
  expect(sorted(found.map(({ touched }) => touched))).toEqual(sorted(await touchedIn(list)));

  const rows = await rig.rows<{ row: unknown[] }>(
    `select jsonb_build_array(scope_id, seq + 100, txn_id, actor, null, null, null, null, null, null, acl_epoch, null,
       effects, prev, null, at) as row from change where scope_id = $1 order by seq`,
    [listScope(list)],
  );
  const store = (some: unknown[]) =>
    rig.rows('select commit_persist(null, null, $1, null, null, null)', [JSON.stringify(some)]);
  const all = rows.map(({ row }) => row);
  await store(all.slice(0, 1));
  await store(all.slice(1, 2));
  await store(all.slice(2));
  const touched = sorted(await touchedIn(list));
  expect(touched.slice(touched.length / 2)).toEqual(touched.slice(0, touched.length / 2));
});

test('a task in a long log is found by both indexes, and no other row is read', async () => {
  const list = await ada.list();
  const ids: string[] = [];
  for (let task = 0; task < 30; task++) ids.push(await ada.task(list));
  await rig.rows(
    `insert into change (scope_id, seq, txn_id, actor, acl_epoch, effects, prev, at, touched)
     select $1, 1000 + n, 'txn', $2, 1, '[{}]', '[null]', 0,
       case when n % 10 = 0 then array[gen_random_uuid()::text, ($3::text[])[1 + n % 30]] else array[($3::text[])[1 + n % 30]] end
     from generate_series(1, 20000) n`,
    [listScope(list), ada.id, ids],
  );
  await rig.rows('analyze change');
  const query = seqsOfTask(ids[0] as string).compile(createDatabase(rig.pool));
  const held = `with held as (select id, 0::bigint as floor from scope where id = $${query.parameters.length + 1})`;
  const plan = await rig.rows<{ 'QUERY PLAN': string }>(`explain ${held} ${query.sql}`, [
    ...query.parameters,
    listScope(list),
  ]);
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('change_touched_one');
  expect(text).toContain('change_touched_many');
  expect(text).not.toContain('Seq Scan on change');
});
