import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, threadScope, type Gateway, type Person } from '../../test/rig.ts';

/** Two gateways and what waits between them: the rules that were each broken once by the obvious way. */
let database: TestDatabase;
let rig: Rig;
let one: Gateway;
let other: Gateway;
let owner: Person;
let member: Person;
let listId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  [one, other] = rig.gateways as [Gateway, Gateway];
  owner = await rig.person();
  member = await rig.person();
  listId = await owner.list();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

/** A transaction of someone else, which holds what the test wants held. */
async function hold(sql: string, values: unknown[]): Promise<{ release: () => Promise<void> }> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('begin');
  await client.query(sql, values);
  return {
    release: async () => {
      await client.query('commit');
      await client.end();
    },
  };
}

/** Until so many of commit's connections wait for a lock. */
const untilWaiting = (count: number) =>
  expect
    .poll(
      async () =>
        (
          await rig.rows(`select 1 from pg_stat_activity where application_name = 'muster commit'
      and datname = current_database() and wait_event_type = 'Lock'`)
        ).length,
    )
    .toBe(count);

const holdScope = (scope: string) => hold('select 1 from scope where id = $1 for update', [scope]);

describe('a removal and the writes around it', () => {
  test('a write that waited for a removal reads the role after it', async () => {
    await owner.letIn(member, listId);
    const id = await owner.task(listId);
    // The removal has its exclusive lock and waits for the scope; the write waits for the removal.
    const scope = await holdScope(listScope(listId));
    const removal = owner.do('member.remove', { listId, userId: member.id }, { gateway: one });
    await untilWaiting(1);
    const write = member.do('task.update', { id, fields: { title: 'After the removal' } }, { gateway: other });
    await untilWaiting(2);
    await scope.release();
    expect(codeOf(await removal)).toBe('applied');
    expect(codeOf(await write)).toBe('not_found');
  });

  test('a removal that waits for a write has it before itself, with the old epoch', async () => {
    await owner.letIn(member, listId);
    const id = await owner.task(listId);
    const scope = await holdScope(listScope(listId));
    const write = member.do('task.update', { id, fields: { title: 'Before the removal' } }, { gateway: other });
    await untilWaiting(1);
    const removal = owner.do('member.remove', { listId, userId: member.id }, { gateway: one });
    await untilWaiting(2);
    await scope.release();
    const [written, removed] = await Promise.all([write, removal]);
    expect([codeOf(written), codeOf(removed)]).toEqual(['applied', 'applied']);
    const rows = await rig.rows<{ acl_epoch: number; seq: number }>(
      'select seq, acl_epoch from change where scope_id = $1 order by seq desc limit 2',
      [listScope(listId)],
    );
    expect(rows[0]?.acl_epoch).toBe((rows[1]?.acl_epoch ?? 0) + 1);
  });

  test('a thread’s commit waits for a removal in its list', async () => {
    await owner.letIn(member, listId);
    const threadId = await member.thread(listId);
    // The removal waits for the list's row, which no message touches: only the acl's lock stands between them.
    const scope = await holdScope(listScope(listId));
    const removal = owner.do('member.remove', { listId, userId: member.id }, { gateway: one });
    await untilWaiting(1);
    const message = member.do('message.send', { id: v7(), threadId, text: 'Am I still here?' }, { gateway: other });
    await untilWaiting(2);
    await scope.release();
    expect(codeOf(await removal)).toBe('applied');
    expect(codeOf(await message)).toBe('not_found');
    expect(await rig.rows('select * from message where scope_id = $1', [threadScope(threadId)])).toEqual([]);
  });

  test('every write waits for whoever holds the acl alone, whatever else it touches', async () => {
    const list = await owner.list('Held');
    const [id, threadId] = [await owner.task(list), await owner.thread(list)];
    const acl = await hold('select pg_advisory_xact_lock(hashtextextended($1, 20260309))', [listScope(list)]);
    const writes = [
      owner.do('task.update', { id, fields: { title: 'One' } }, { gateway: one }),
      member.do('message.send', { id: v7(), threadId, text: 'Two' }, { gateway: other }),
    ];
    await untilWaiting(2);
    await acl.release();
    expect((await Promise.all(writes)).map(codeOf)).toEqual(['applied', 'not_found']);
  });

  test('a command whose task has moved meanwhile starts again where it is now', async () => {
    const [from, to] = [await owner.list('From'), await owner.list('To')];
    const id = await owner.task(from);
    await owner.did('task.update', { id, fields: { title: 'Seen here' } }, { gateway: other });
    await owner.did('task.place', { id, after: null, listId: to }, { gateway: one });
    // The other gateway remembers the old place. It waits for the new one's lock, so it is not writing past it.
    const scope = await holdScope(listScope(to));
    const write = owner.do('task.update', { id, fields: { title: 'Found' } }, { gateway: other });
    await untilWaiting(1);
    await scope.release();
    expect(await write).toMatchObject({ status: 'applied', seqs: { [listScope(to)]: 3 } });
  });

  test('membership changes of one list take turns, and none passes the last owner by', async () => {
    const list = await owner.list('Two owners');
    await owner.letIn(member, list, 'owner');
    const outcomes = await Promise.all([
      owner.do('member.remove', { listId: list, userId: member.id }, { gateway: one }),
      member.do('member.remove', { listId: list, userId: owner.id }, { gateway: other }),
    ]);
    expect(outcomes.map(codeOf).sort()).toEqual(['applied', 'not_found']);
    expect(
      await rig.rows(`select count(*) as n from acl_grant where acl_id = $1 and role = 'owner'`, [listScope(list)]),
    ).toEqual([{ n: 1 }]);
  });
});

describe('a client on two gateways', () => {
  test('its first mutation, sent to both, happens once', async () => {
    const list = await owner.list('Twice');
    for (let round = 0; round < 10; round++) {
      const clientId = v7();
      const mutation = owner.submission(
        'task.create',
        { id: v7(), listId: list, title: 'Once' },
        { client: { clientId, mid: 1, nonce: 'nonce-1' } },
      );
      const outcomes = await Promise.all([one.commit(mutation), other.commit(mutation)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['applied', 'duplicate']);
      expect(await rig.rows('select count(*) as n from change where client_id = $1', [clientId])).toEqual([{ n: 1 }]);
    }
  });

  test('two first mutations with one mid: one is applied, the other is a clone’s', async () => {
    const list = await owner.list('Clone');
    const clientId = v7();
    // Both inserts of the client's row meet: each must see the other's.
    const block = await holdScope(listScope(list));
    const send = (gateway: Gateway, nonce: string) =>
      gateway.commit(
        owner.submission(
          'task.create',
          { id: v7(), listId: list, title: nonce },
          { client: { clientId, mid: 1, nonce } },
        ),
      );
    const both = [send(one, 'nonce-one'), send(other, 'nonce-two')];
    await untilWaiting(2);
    await block.release();
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual(['applied', 'cloned']);
  });

  test('one mid of a known client, used in two lists at once: one is applied, the other is a clone’s', async () => {
    const [listA, listB] = [await owner.list('A'), await owner.list('B')];
    const clientId = v7();
    const send = (gateway: Gateway, mid: number, nonce: string, list: string) =>
      gateway.commit(
        owner.submission('task.create', { id: v7(), listId: list, title: nonce }, { client: { clientId, mid, nonce } }),
      );
    await send(one, 1, 'nonce-1', listA);
    await send(other, 1, 'nonce-1', listA);
    const blocks = [await holdScope(listScope(listA)), await holdScope(listScope(listB))];
    const both = [send(one, 2, 'nonce-one', listA), send(other, 2, 'nonce-two', listB)];
    await untilWaiting(2);
    for (const block of blocks) await block.release();
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual(['applied', 'cloned']);
  });
});

describe('one process', () => {
  test('a mid waits for the one before it, though another list’s batch could take it', async () => {
    const [hot, quiet] = [await owner.list('Hot'), await owner.list('Quiet')];
    const block = await holdScope(listScope(hot));
    const first = owner.do('task.create', { id: v7(), listId: hot, title: '1' }, { gateway: one });
    await untilWaiting(1);
    const second = owner.do('task.create', { id: v7(), listId: quiet, title: '2' }, { gateway: one });
    // Someone else's command in the quiet list is not held up.
    const free = await rig.person();
    await expect(free.did('list.create', { id: v7(), title: 'Free' }, { gateway: one })).resolves.toMatchObject({
      status: 'applied',
    });
    await block.release();
    expect((await Promise.all([first, second])).map(codeOf)).toEqual(['applied', 'applied']);
  });

  test('a busy list lets a membership change in', async () => {
    const busy = await owner.list('Busy');
    const friend = await rig.person();
    let isOver = false;
    const writers = await Promise.all(Array.from({ length: 8 }, () => rig.person()));
    for (const writer of writers) await owner.letIn(writer, busy);
    const noise = writers.map(async (writer) => {
      while (!isOver) await writer.do('task.create', { id: v7(), listId: busy, title: 'noise' }, { gateway: one });
    });
    await owner.letIn(friend, busy);
    isOver = true;
    await Promise.all(noise);
    expect(
      await rig.rows('select 1 from acl_grant where acl_id = $1 and subject = $2', [listScope(busy), friend.id]),
    ).toHaveLength(1);
  });
});
