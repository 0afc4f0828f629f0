import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, type Gateway, type Person } from '../../test/rig.ts';
import { CommitConnection } from './connection.ts';
import { encodeRows, type Rows, type RowType } from './rows.ts';

/** Commits in one flight, and what comes between the moment of their decision and that of their locks. */
let database: TestDatabase;
let rig: Rig;
let one: Gateway;
let other: Gateway;
let ada: Person;
let listId: string;
let taskId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  [one, other] = rig.gateways as [Gateway, Gateway];
  ada = await rig.person();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

const flights = vi.spyOn(CommitConnection.prototype, 'commitAtOnce');
const rename = (title: string, gateway = one) => ada.do('task.update', { id: taskId, fields: { title } }, { gateway });
const scope = () => listScope(listId);
const lastRow = async () =>
  (
    await rig.rows<{ seq: number; prev: unknown[]; acl_epoch: number }>(
      'select seq, prev, acl_epoch from change where scope_id = $1 order by seq desc limit 1',
      [scope()],
    )
  )[0];
const untilWaiting = () =>
  expect
    .poll(() =>
      rig.rows(`select 1 as waits from pg_stat_activity where application_name = 'muster commit'
        and datname = current_database() and wait_event_type = 'Lock'`),
    )
    .toHaveLength(1);

/** Another process, which does by hand what a commit does, and is not quick about it. */
async function rival(...statements: [sql: string, ...values: unknown[]][]): Promise<{ commit(): Promise<void> }> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('begin');
  for (const [sql, ...values] of statements) await client.query(sql, values);
  return {
    commit: async () => {
      await client.query('commit');
      await client.end();
    },
  };
}

beforeEach(async () => {
  listId = await ada.list();
  taskId = await ada.task(listId);
  await rename('as left');
  vi.clearAllMocks();
});

describe('a flight that waits for a lock compares what is there after it', () => {
  test('heads: another commit came first', async () => {
    const before = (await lastRow())!.seq;
    const first = await rival(
      ['update scope set head_seq = head_seq + 1 where id = $1', scope()],
      [`update task set title = 'theirs' where id = $1`, taskId],
      [
        `insert into change (scope_id, seq, txn_id, actor, acl_epoch, effects, prev, at)
         values ($1, $2, 't', $3, (select epoch from acl where id = $1), '[]', '[]', 0)`,
        ...[scope(), before + 1, ada.id],
      ],
    );
    const waiting = rename('mine');
    await untilWaiting();
    await first.commit();
    expect(codeOf(await waiting)).toBe('applied');
    expect(await flights.mock.results[0]?.value).toBeLessThan(0);
    expect(await lastRow()).toMatchObject({ seq: before + 2, prev: [{ title: 'theirs' }] });
    await rig.rows(`update change set at = (select min(at) from change where scope_id = $1) where scope_id = $1`, [
      scope(),
    ]);
  });

  test('rights: a removal came first, which no head tells of', async () => {
    const removal = await rival(
      ['select pg_advisory_xact_lock(hashtextextended($1, 20260309))', scope()],
      ['delete from acl_grant where acl_id = $1', scope()],
    );
    const waiting = rename('after the removal');
    await untilWaiting();
    await removal.commit();
    expect(codeOf(await waiting)).toBe('not_found');
    expect(await flights.mock.results[0]?.value).toBeLessThan(0);
    expect(await lastRow()).not.toMatchObject({ prev: [{ title: 'as left' }] });
  });

  test('rights: the epoch was raised first, and the change carries the new one', async () => {
    const epoch = (await lastRow())!.acl_epoch;
    const change = await rival(
      ['select pg_advisory_xact_lock(hashtextextended($1, 20260309))', scope()],
      ['update acl set epoch = epoch + 1 where id = $1', scope()],
    );
    const waiting = rename('under the new epoch');
    await untilWaiting();
    await change.commit();
    expect(codeOf(await waiting)).toBe('applied');
    expect((await lastRow())?.acl_epoch).toBe(epoch + 1);
  });

  test('mids: the same mutation came first by another gateway', async () => {
    const mid = ada.mid + 1;
    const first = await rival(['update client set last_mid = $2 where id = $1', ada.clientId, mid]);
    const waiting = rename('sent twice');
    await untilWaiting();
    await first.commit();
    expect(codeOf(await waiting)).toBe('duplicate');
  });
});

test('two processes in one list lose nothing, and soon stop trying what fails', async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => rig.person()));
  for (const person of people) await ada.letIn(person, listId);
  vi.clearAllMocks();
  const titles = new Set<string>();
  const outcomes = await Promise.all(
    people.map(async (person, index) => {
      const codes = new Set<string>();
      for (let n = 0; n < 40; n++) {
        const title = `${n} of ${index}`;
        titles.add(title);
        const gateway = index % 2 === 0 ? one : other;
        codes.add(codeOf(await person.do('task.create', { id: v7(), listId, title }, { gateway })));
      }
      return [...codes];
    }),
  );
  expect(outcomes).toEqual(Array(8).fill(['applied']));
  const stored = await rig.rows<{ title: string }>('select title from task where scope_id = $1', [scope()]);
  expect(new Set(stored.map(({ title }) => title))).toEqual(titles.add('as left'));
  expect(stored).toHaveLength(8 * 40 + 1);
  const failed = (await Promise.all(flights.mock.results.map(({ value }) => value as Promise<number>))).filter(
    (r) => r < 0,
  );
  expect(failed.length).toBeLessThan(40);
  // Once the other is quiet, it goes in one flight again.
  for (let n = 0; n < 70; n++) await rename(`alone ${n}`);
  expect(await flights.mock.results.at(-1)?.value).toBeGreaterThan(0);
  expect(flights.mock.results.length).toBeGreaterThan(failed.length);
});

test('a connection that breaks in flight: unavailable, and the next try is applied once', async () => {
  const held = await rival(['select from scope where id = $1 for update', scope()]);
  const lost = rename('lost or not');
  lost.catch(() => undefined);
  await untilWaiting();
  await rig.rows(`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'muster commit' and datname = current_database() and wait_event_type = 'Lock'`);
  await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
  await held.commit();
  ada.mid -= 1;
  expect(codeOf(await rename('lost or not'))).toBe('applied');
  ada.mid -= 1;
  expect(codeOf(await rename('lost or not'))).toBe('duplicate');
  expect(await lastRow()).toMatchObject({ prev: [{ title: 'as left' }] });
});

test('the function itself compares each thing that it is told, and writes nothing where one differs', async () => {
  await Promise.all([rename('seen'), rename('seen again')]);
  const { values } = flights.mock.calls.map(([step]) => step).find(({ statement }) => statement === 'atOnce')!;
  const [client] = await rig.rows<{ last_mid: number }>('select last_mid from client where id = $1', [ada.clientId]);
  const head = (await lastRow())!;
  type Row = (string | number)[];
  const [acls, clients, scopes, roles, changes, , tasks] = structuredClone(values.slice(2)).map(
    (value) => (value as Rows).rows,
  ) as [Row[], Row[], Row[], Row[], Row[], Row[], Row[]];
  const types = await rig.rows<{ typname: string; oid: number }>(
    `select typname, oid::int from pg_type where typname like 'commit\\_%\\_row'`,
  );
  const oids = new Map(types.map(({ typname, oid }) => [typname, oid]));
  // The next commit, as this process would send it now.
  clients[0]!.splice(2, 2, client!.last_mid, client!.last_mid + 1);
  const size = scopes[0]![3]!;
  scopes[0]!.splice(1, 5, head.seq + 1, scopes[0]![2]!, size, head.seq, size);
  changes.splice(1);
  changes[0]![1] = head.seq + 1;
  // Alone, and in a batch with others.
  const friend = await rig.person();
  const theirs = listScope(await friend.list());
  const [friendly] = await rig.rows<Record<string, number>>('select head_seq, head_at, size from scope where id = $1', [
    theirs,
  ]);
  const { head_seq, head_at, size: count } = friendly as Record<'head_seq' | 'head_at' | 'size', number>;
  type Kind = 'acls' | 'clients' | 'scopes' | 'roles';
  const friends: Record<Kind, Row> = {
    acls: [theirs, 1],
    clients: [friend.clientId, friend.id, 1, 1],
    scopes: [theirs, head_seq, head_at, count, head_seq, count, theirs],
    roles: [theirs, friend.id, 'owner'],
  };
  type Asked = Record<Kind, Row> & { epoch: string; late: number; news: Row[] };
  const call = async (change: (asked: Asked) => unknown, isWithFriend = false) => {
    const own = structuredClone({ acls: acls[0]!, clients: clients[0]!, scopes: scopes[0]!, roles: roles[0]! });
    const asked: Asked = { ...own, epoch: values[0] as string, late: 0, news: [] };
    change(asked);
    const encoded = (type: RowType, rows: Row[]) => encodeRows({ type, rows }, oids.get(type)!);
    const both = (type: RowType, kind: Kind) => encoded(type, [asked[kind], ...(isWithFriend ? [friends[kind]] : [])]);
    const [row] = await rig.rows<{ clock: number }>(
      'select commit_rows_at_once($1, clock_ms() - $2, $3, $4, $5, $6, $7, $8, $9) as clock',
      [
        ...[asked.epoch, asked.late, both('commit_acl_row', 'acls'), both('commit_client_row', 'clients')],
        ...[both('commit_scope_row', 'scopes'), both('commit_role_row', 'roles')],
        encoded('commit_change_row', changes),
        ...[encoded('commit_task_row', asked.news), encoded('commit_task_row', tasks)],
      ],
    );
    return row!.clock;
  };
  const all = () =>
    rig.rows(
      `select s.*, c.last_mid, t.title, (select count(*) from change where scope_id = s.id) as changes
       from scope s, client c, task t where s.id = $1 and c.id = $2 and t.id = $3`,
      [scope(), ada.clientId, taskId],
    );
  const before = await all();
  const taken = [...tasks[0]!];
  const differences: [string, Parameters<typeof call>[0], number][] = [
    ['log epoch', (asked) => (asked.epoch = v7()), -3],
    ['too early', (asked) => (asked.late = 2_000), -5],
    ['too late', (asked) => (asked.late = -1_000), -5],
    ['client', ({ clients: row }) => (row[0] = v7()), -1],
    ['whose client', ({ clients: row }) => (row[1] = v7()), -1],
    ['mid', ({ clients: row }) => (row[2] = Number(row[2]) - 1), -1],
    ['head', ({ scopes: row }) => (row[4] = Number(row[4]) - 1), -2],
    ['size', ({ scopes: row }) => (row[5] = Number(row[5]) + 1), -2],
    ['acl', ({ scopes: row }) => (row[6] = `list:${v7()}`), -2],
    ['subject', ({ roles: row }) => (row[1] = v7()), -3],
    ['role', ({ roles: row }) => (row[2] = 'viewer'), -3],
    ['acl’s epoch', ({ acls: row }) => (row[1] = Number(row[1]) + 1), -3],
    ['a new task’s id', ({ news }) => news.push(taken), -4],
  ];
  for (const isWithFriend of [false, true]) {
    const found: [string, number][] = [];
    for (const [what, change] of differences) {
      found.push([what, await call(change, isWithFriend)]);
      expect(await all()).toEqual(before);
    }
    expect(found).toEqual(differences.map(([what, , code]) => [what, code]));
  }
  await rig.rows(`update scope set gone = 'deleted' where id = $1`, [scope()]);
  expect([await call(() => undefined), await call(() => undefined, true)]).toEqual([-2, -2]);
  await rig.rows('update scope set gone = null where id = $1', [scope()]);
  expect(await call(() => undefined, true)).toBeGreaterThan(0);
  expect(await all()).not.toEqual(before);
});
