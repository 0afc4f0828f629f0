import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, type Gateway, type Person } from '../../test/rig.ts';
import { CommitConnection } from './connection.ts';

/** A commit on what is remembered: in one flight where all is as it was, and never where anything is not. */
let database: TestDatabase;
let rig: Rig;
let one: Gateway;
let other: Gateway;
let ada: Person;
let member: Person;
let listId: string;
let taskId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  [one, other] = rig.gateways as [Gateway, Gateway];
  ada = await rig.person();
  member = await rig.person();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  expect(rig.gateways.flatMap(({ warnings }) => warnings)).toEqual([]);
  await rig.close();
  await database.drop();
});

const loads = vi.spyOn(CommitConnection.prototype, 'load');
const flights = vi.spyOn(CommitConnection.prototype, 'commitAtOnce');
const rename = (who: Person, title: string, gateway = one) =>
  who.do('task.update', { id: taskId, fields: { title } }, { gateway });
const titles = () =>
  rig.rows<{ title: string }>('select title from task where scope_id = $1 order by pos', [listScope(listId)]);
/** What the flights came to: true where it went in one. */
const results = async () =>
  (await Promise.all(flights.mock.results.map(({ value }) => value as Promise<number>))).map((result) => result > 0);

beforeEach(async () => {
  listId = await ada.list();
  await ada.letIn(member, listId);
  taskId = await ada.task(listId);
  await rename(ada, 'as Ada left it');
  await rename(member, 'as left');
  vi.clearAllMocks();
});
afterEach(() => vi.clearAllMocks());

describe('one flight', () => {
  test('where this process was the last to write, and nobody sees a difference', async () => {
    const outcomes = [
      await rename(ada, 'second'),
      await member.do('task.complete', { id: taskId, done: true }, { gateway: one }),
      await ada.do('task.create', { id: v7(), listId, title: 'third' }),
      await ada.do('task.create', { id: v7(), listId, title: 'fourth' }),
    ];
    expect(outcomes.map(codeOf)).toEqual(Array(4).fill('applied'));
    expect(await results()).toEqual([true, true, true, true]);
    expect(loads).not.toHaveBeenCalled();
    expect(await titles()).toEqual([{ title: 'second' }, { title: 'third' }, { title: 'fourth' }]);
    const rows = await rig.rows<{ prev: unknown; at: number; actor: string; acl_epoch: number }>(
      'select c.prev, c.at, c.actor, c.acl_epoch from change c where scope_id = $1 order by seq desc limit 4',
      [listScope(listId)],
    );
    const [created, , completed, renamed] = rows;
    expect([created?.prev, completed?.prev, renamed?.prev]).toEqual([
      [null],
      [{ done: false, doneAt: null }],
      [{ title: 'as left' }],
    ]);
    expect(rows.map(({ actor }) => actor)).toEqual([ada.id, ada.id, member.id, ada.id]);
    // Told to others as it is stored.
    const told = one.packets.filter(({ scope }) => scope === listScope(listId)).slice(-4);
    expect(told.map(({ changes }) => changes[0]?.at).reverse()).toEqual(rows.map(({ at }) => at));
    for (const { at } of rows) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  });

  test('a batch of many, of several lists and people', async () => {
    const second = await ada.list('Second');
    await ada.task(second);
    await ada.task(second);
    vi.clearAllMocks();
    const outcomes = await Promise.all([
      rename(ada, 'a'),
      ada.do('task.create', { id: v7(), listId: second, title: 'b' }),
      member.do('task.create', { id: v7(), listId, title: 'c' }),
      rename(member, 'd'),
    ]);
    expect(outcomes.map(codeOf)).toEqual(Array(4).fill('applied'));
    expect(loads).not.toHaveBeenCalled();
    expect(await titles()).toEqual([{ title: 'd' }, { title: 'c' }]);
  });

  test('never where it is switched off', async () => {
    const gateway = rig.addGateway({ isOptimistic: false });
    for (const title of ['x', 'y', 'z']) await rename(ada, title, gateway);
    expect(flights).not.toHaveBeenCalled();
  });

  test('never for what is refused: a refusal has nothing that could be compared', async () => {
    expect(codeOf(await ada.do('task.create', { id: taskId, listId, title: 'taken' }))).toBe('conflict');
    expect(codeOf(await ada.do('task.update', { id: v7(), fields: { title: 'absent' } }))).toBe('not_found');
    expect(flights).not.toHaveBeenCalled();
  });

  test('a raised floor is no difference', async () => {
    await rig.pool.query('update scope set floor_seq = head_seq where id = $1', [listScope(listId)]);
    expect(codeOf(await rename(ada, 'compacted'))).toBe('applied');
    expect(await results()).toEqual([true]);
  });
});

describe.each([
  ['alone', false],
  ['in a batch with another', true],
])('nothing is written, and it looks again, %s, where', (_, isWithOther) => {
  const scope = () => listScope(listId);
  test.each<[string, () => Promise<unknown>, string]>([
    ['another process wrote', () => rename(ada, 'theirs', other), 'applied'],
    ['another process deleted the task', () => ada.do('task.delete', { id: taskId }, { gateway: other }), 'not_found'],
    ['another process deleted the list', () => ada.do('list.delete', { id: listId }, { gateway: other }), 'not_found'],
    ['the list is gone', () => rig.rows(`update scope set gone = 'deleted' where id = $1`, [scope()]), 'not_found'],
    ['its size is another', () => rig.rows('update scope set size = size + 1 where id = $1', [scope()]), 'applied'],
    [
      'a role is lower',
      () => rig.rows(`update acl_grant set role = 'viewer' where acl_id = $1`, [scope()]),
      'forbidden',
    ],
    [
      'a right has expired',
      () => rig.rows('update acl_grant set expires_at = 1 where acl_id = $1', [scope()]),
      'not_found',
    ],
    ['the epoch moved', () => rig.rows('update acl set epoch = epoch + 1 where id = $1', [scope()]), 'applied'],
    ['the mid was taken', () => rig.rows('update client set last_mid = last_mid + 1'), 'duplicate'],
    ['the client is another’s', () => rig.rows('update client set principal_id = $1', [v7()]), 'cloned'],
  ])('%s', async (_, disturb, expected) => {
    const before = await rig.rows('select * from client');
    await disturb();
    vi.clearAllMocks();
    const [stored] = await rig.rows<{ title: string; head_seq: number; epoch: number; size: number }>(
      'select t.title, s.head_seq, a.epoch, s.size from task t, scope s, acl a where t.id = $1 and s.id = $2 and a.id = $2',
      [taskId, scope()],
    );
    const [outcome] = await Promise.all([
      rename(member, 'mine'),
      ...(isWithOther ? [member.do('task.create', { id: v7(), listId, title: 'beside' })] : []),
    ]);
    expect(codeOf(outcome)).toBe(expected);
    expect(await results()).toEqual([false]);
    expect(flights.mock.calls[0]?.[0].statement).toBe(isWithOther ? 'atOnce' : 'oneAtOnce');
    expect(loads).toHaveBeenCalledTimes(1);
    if (expected === 'applied') {
      const [row] = await rig.rows(
        `select c.seq, c.prev, c.acl_epoch, s.size from change c join scope s on s.id = c.scope_id
         where scope_id = $1 and client_id = $2 order by seq desc limit 1 offset $3`,
        [scope(), member.clientId, isWithOther ? 1 : 0],
      );
      const { title, head_seq, epoch, size } = stored!;
      expect(row).toEqual({
        seq: head_seq + 1,
        prev: [{ title }],
        acl_epoch: epoch,
        size: size + (isWithOther ? 1 : 0),
      });
    } else {
      expect(await titles()).not.toContainEqual({ title: 'mine' });
    }
    // Undone, for the tests behind it.
    for (const { id, last_mid, principal_id } of before as Record<string, unknown>[]) {
      // Of two mids the second fits where the first was taken: then it stays so.
      const isTaken = isWithOther && expected === 'duplicate' && id === member.clientId;
      if (!isTaken && (expected === 'duplicate' || expected === 'cloned'))
        await rig.rows('update client set last_mid = $2, principal_id = $3 where id = $1', [
          id,
          last_mid,
          principal_id,
        ]);
    }
    if (expected === 'duplicate' || expected === 'cloned') member.mid -= isWithOther ? 2 : 1;
    if (isWithOther && expected === 'duplicate') member.mid += 2;
  });

  test('the log went back: what was remembered is not believed, at the same head', async () => {
    await rig.pool.query(`update task set title = 'restored' where id = $1`, [taskId]);
    await rig.pool.query('update log_epoch set epoch = gen_random_uuid()::text');
    expect(codeOf(await rename(member, 'after the restore'))).toBe('applied');
    expect((await results())[0]).toBe(false);
    const rows = await rig.rows('select prev from change where scope_id = $1 order by seq desc limit 1', [scope()]);
    expect(rows).toEqual([{ prev: [{ title: 'restored' }] }]);
  });

  test('the log went back, as a commit in another list has found out', async () => {
    const second = await ada.list('Second');
    await ada.task(second);
    await ada.task(second);
    await rig.pool.query(`update task set title = 'restored' where id = $1`, [taskId]);
    await rig.pool.query('update log_epoch set epoch = gen_random_uuid()::text');
    await ada.task(second);
    expect(codeOf(await rename(ada, 'after the restore'))).toBe('applied');
    const rows = await rig.rows('select prev from change where scope_id = $1 order by seq desc limit 1', [scope()]);
    expect(rows).toEqual([{ prev: [{ title: 'restored' }] }]);
  });

  test('an id is taken in a list that is not remembered', async () => {
    const elsewhere = await rig.person();
    const theirs = await elsewhere.list();
    const id = await elsewhere.task(theirs);
    // A task's key is the only one that knows of all lists.
    await ada.do('task.create', { id: v7(), listId, title: 'first' });
    const fresh = rig.addGateway();
    await rename(ada, 'warm', fresh);
    await ada.do('task.create', { id: v7(), listId, title: 'second' }, { gateway: fresh });
    vi.clearAllMocks();
    expect(codeOf(await ada.do('task.create', { id, listId, title: 'stolen' }, { gateway: fresh }))).toBe('conflict');
    expect(await results()).toEqual([false]);
  });
});
