import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, type Gateway, type Person } from '../../test/rig.ts';
import { CommitConnection } from './connection.ts';

/**
 * A single mutation in one flight has a statement of its own, with some forty arguments in their order; several together
 * go as rows with as many columns.
 */
let database: TestDatabase;
let rig: Rig;
let quick: Gateway;
let slow: Gateway;
let ada: Person;
let grace: Person;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
  quick = rig.first;
  slow = rig.addGateway({ isOptimistic: false });
  ada = await rig.person();
  grace = await rig.person();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

const flights = vi.spyOn(CommitConnection.prototype, 'commitAtOnce');
beforeEach(() => vi.clearAllMocks());

test.each([
  ['alone', 'oneAtOnce'],
  ['beside what somebody else does elsewhere', 'atOnce'],
] as const)('what one flight stores is what two flights store, in every column: %s', async (_, expected) => {
  const neighbour = await rig.person();
  const theirs = await neighbour.task(await neighbour.list());
  /** Everything that a person does to tasks. */
  const live = async (gateway: Gateway): Promise<Record<string, unknown>[]> => {
    const [listId, labelId] = [v7(), v7()];
    const rename = () => ({ id: theirs, fields: { title: `the ${neighbour.mid}th` } });
    const beside = () => (expected === 'atOnce' ? [neighbour.did('task.update', rename(), { gateway })] : []);
    const did = (name: string, args: unknown, base?: number) =>
      Promise.all([ada.did(name, args, { gateway, ...(base === undefined ? {} : { base }) }), ...beside()]);
    await did('list.create', { id: listId, title: 'Trip' });
    await did('label.create', { id: labelId, listId, name: 'Sea', color: 'blue' });
    const [boat, oar, rope] = [v7(), v7(), v7()];
    await did('task.create', { id: boat, listId, title: 'Boat' });
    await did('task.create', {
      ...{ id: oar, listId, parentId: boat, title: 'Oars', notes: 'two "of" \\ them', priority: 'high' },
      ...{ due: { date: '2026-12-01' }, assigneeIds: [ada.id], labelIds: [labelId] },
    });
    await did('task.create', { id: rope, listId, title: 'Rope', after: null });
    await did('task.update', { id: rope, fields: { title: 'A rope', notes: 'long', priority: 'low' } }, 3);
    await did('task.update', {
      id: rope,
      fields: { due: { date: '2026-12-02', time: '09:30', zone: 'Europe/Paris' } },
    });
    await did('task.label', { id: rope, labelId, on: true }).catch(() => undefined);
    await did('task.complete', { id: oar, done: true });
    await did('task.update', { id: oar, fields: { notes: 'three', priority: 'none' } });
    await did('task.update', { id: oar, fields: { due: null, title: 'Oars again' } }, 4);
    await did('task.complete', { id: oar, done: false });
    await ada.letIn(grace, listId);
    await grace.did('task.update', { id: oar, fields: { title: 'Paddles' } }, { gateway });
    await grace.did('task.update', { id: oar, fields: { notes: 'hers' } }, { gateway });
    await did('task.update', { id: oar, fields: { priority: 'low' } });
    await did('task.update', { id: oar, fields: { title: 'Oars, said Ada' } }, 5);
    await did('task.create', {
      ...{ id: v7(), listId, title: 'Flag', notes: "it's \n red", priority: 'low', due: { date: '2026-12-03' } },
    });
    await did('task.place', { id: rope, after: null, parentId: boat });
    await did('task.place', { id: rope, after: null, parentId: null });
    await did('task.delete', { id: rope });
    await did('task.restore', { id: rope });
    const made = await rig.rows<{ id: string }>('select id from task where scope_id = $1 order by title', [
      listScope(listId),
    ]);
    const names = new Map([listId, labelId, ...made.map((task) => task.id)].map((id, index) => [id, `id ${index}`]));
    const rows = await rig.rows(
      `select to_jsonb(c) - array['txn_id', 'at', 'mid', 'nonce'] || jsonb_build_object('hasTxn', c.txn_id is not null,
         'hasNonce', c.nonce is not null, 'isLater', c.at <= s.head_at, 'mid', c.mid - min(c.mid) over (partition by c.client_id)) as row
       from change c join scope s on s.id = c.scope_id where scope_id = $1 order by seq`,
      [listScope(listId)],
    );
    const tasks = await rig.rows(
      `select to_jsonb(t) - array['created_at', 'deleted_txn', 'pos'] || jsonb_build_object('isNow', created_at > 1e12,
         'place', rank() over (order by pos), 'deletedTxn', deleted_txn is not null) as row
       from task t where scope_id = $1 order by title`,
      [listScope(listId)],
    );
    const scopes = await rig.rows(`select to_jsonb(s) - array['head_at'] as row from scope s where id = $1`, [
      listScope(listId),
    ]);
    const text = JSON.stringify([rows, tasks, scopes])
      .replaceAll(/"(doneAt|createdAt|done_at)":\d+/g, '"$1":1')
      .replaceAll(/"pos":"\w+"/g, '"pos":"p"');
    return JSON.parse([...names].reduce((told, [id, name]) => told.replaceAll(id, name), text)) as Record<
      string,
      unknown
    >[];
  };
  const stored = await live(slow);
  expect(flights).not.toHaveBeenCalled();
  expect(await live(quick)).toEqual(stored);
  const statements = flights.mock.calls.map(([{ statement }]) => statement);
  expect(statements.filter((statement) => statement === expected).length).toBeGreaterThan(5);
});

test('it compares each thing that it is told, and writes nothing where one differs', async () => {
  const listId = await ada.list();
  const taskId = await ada.task(listId);
  await ada.did('task.update', { id: taskId, fields: { title: 'warm' } });
  await ada.did('task.update', { id: taskId, fields: { title: 'seen' } });
  const { statement, values: sent } = flights.mock.calls.at(-1)![0];
  const values = sent as (string | null)[];
  expect(statement).toBe('oneAtOnce');
  const [AT, NAMES] = [1, 'epoch now acl role aclEpoch client principal mid nonce scope head headAt size sizeBefore'];
  const place = (name: string) => NAMES.split(' ').indexOf(name);
  const read = () =>
    rig.rows(
      `select s.*, c.last_mid, t.title, (select count(*) from change where scope_id = s.id) as changes
       from scope s, client c, task t where s.id = $1 and c.id = $2 and t.id = $3`,
      [listScope(listId), ada.clientId, taskId],
    );
  const call = async (changed: Record<string, string | null>, isNew = false): Promise<number> => {
    // The next commit, as this process would send it now.
    const next = [...values];
    for (const name of ['mid', 'head']) next[place(name)] = String(Number(values[place(name)]) + 1);
    const [late, ...rest] = [changed['late'] ?? '0'];
    expect(rest).toEqual([]);
    for (const [name, value] of Object.entries(changed)) if (name !== 'late') next[place(name)] = value;
    if (isNew) next[22] = 'true';
    next[AT] = late;
    const params = next.map((_, index) => (index === AT ? `clock_ms() - $${index + 1}::bigint` : `$${index + 1}`));
    const [row] = await rig.rows<{ clock: number }>(`select commit_one_at_once(${params.join(', ')}) as clock`, next);
    return row!.clock;
  };
  const before = await read();
  const less = (name: string, by = 1) => String(Number(values[place(name)]) - by);
  const differences: [Record<string, string | null>, number, isNew?: boolean][] = [
    [{ epoch: v7() }, -3],
    [{ late: '2000' }, -5],
    [{ late: '-1000' }, -5],
    [{ client: v7() }, -1],
    [{ principal: v7() }, -1],
    [{ mid: values[place('mid')]! }, -1],
    [{ mid: less('mid', -2) }, -1],
    [{ head: values[place('head')]! }, -2],
    [{ head: less('head', -2) }, -2],
    [{ sizeBefore: less('sizeBefore') }, -2],
    [{ scope: `list:${v7()}` }, -2],
    [{ acl: `list:${v7()}` }, -2],
    [{ role: 'viewer' }, -3],
    [{ role: null }, -3],
    [{ aclEpoch: less('aclEpoch') }, -3],
    [{}, -4, true],
  ];
  for (const [changed, code, isNew] of differences) {
    expect([changed, await call(changed, isNew)]).toEqual([changed, code]);
    expect(await read()).toEqual(before);
  }
  await rig.rows(`update scope set gone = 'deleted' where id = $1`, [listScope(listId)]);
  expect(await call({})).toBe(-2);
  await rig.rows('update scope set gone = null where id = $1', [listScope(listId)]);
  await rig.rows('update acl_grant set expires_at = 1 where acl_id = $1', [listScope(listId)]);
  expect(await call({})).toBe(-3);
  await rig.rows('update acl_grant set expires_at = null where acl_id = $1', [listScope(listId)]);
  expect(await call({})).toBeGreaterThan(0);
  expect(await read()).not.toEqual(before);
});
