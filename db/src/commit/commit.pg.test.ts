import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, userScope, type Person } from '../../test/rig.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;
let listId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  ada = await rig.person();
  listId = await ada.list();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

describe('what a change leaves', () => {
  test('the packet that goes out equals the row that stays', async () => {
    const from = rig.first.packets.length;
    const id = v7();
    await ada.did('task.create', {
      id,
      listId,
      title: 'Bread',
      due: { date: '2026-12-24', time: '09:00', zone: 'Europe/Berlin' },
    });
    await ada.did('task.update', { id, fields: { title: 'Rye bread', notes: 'from the corner' } });
    const [made, renamed] = rig.first.packets.slice(from);
    expect(made).toMatchObject({
      scope: listScope(listId),
      aclEpoch: 1,
      changes: [{ clientId: ada.clientId, mid: ada.mid - 1 }],
    });
    const rows = await rig.rows<{ seq: number; effects: unknown; prev: unknown }>(
      'select seq, effects, prev from change where scope_id = $1 and seq >= $2 order by seq',
      [listScope(listId), made?.from],
    );
    expect(rows.map(({ effects }) => effects)).toEqual([made?.changes[0]?.effects, renamed?.changes[0]?.effects]);
    expect(rows.map(({ prev }) => prev)).toEqual([[null], [{ title: 'Bread', notes: '' }]]);
    const [task] = await rig.rows('select title, notes, due, scope_id from task where id = $1', [id]);
    expect(task).toEqual({
      title: 'Rye bread',
      notes: 'from the corner',
      due: { date: '2026-12-24', time: '09:00', zone: 'Europe/Berlin' },
      scope_id: listScope(listId),
    });
  });

  test('two scopes share one txnId, and the size of a scope is what lives in it', async () => {
    const other = await ada.list('Home');
    const parent = await ada.task(listId);
    await ada.task(listId, { parentId: parent });
    const before = await rig.rows<{ id: string; size: number }>('select id, size from scope where id = any ($1)', [
      [listScope(listId), listScope(other)],
    ]);
    const from = rig.first.packets.length;
    const outcome = await ada.did('task.place', { id: parent, after: null, listId: other });
    expect(Object.keys(outcome.seqs).sort()).toEqual([listScope(listId), listScope(other)].sort());
    const changes = rig.first.packets.slice(from).flatMap((packet) => packet.changes);
    expect(changes).toHaveLength(2);
    expect(new Set(changes.map(({ txnId }) => txnId)).size).toBe(1);
    const after = await rig.rows<{ id: string; size: number }>('select id, size from scope where id = any ($1)', [
      [listScope(listId), listScope(other)],
    ]);
    const growth = Object.fromEntries(
      after.map(({ id, size }) => [id, size - (before.find((row) => row.id === id)?.size ?? 0)]),
    );
    expect(growth).toEqual({ [listScope(listId)]: -2, [listScope(other)]: 2 });
    // Its next change is committed where it is now, though memory still had the old place.
    expect((await ada.did('task.update', { id: parent, fields: { title: 'Moved' } })).seqs).toEqual({
      [listScope(other)]: 3,
    });
  });

  test('a command sees those before it in the batch, its sub-tasks return with a deleted task', async () => {
    const [a, b, c] = [v7(), v7(), v7()];
    const outcomes = await Promise.all([
      ada.do('task.create', { id: a, listId, title: 'a' }),
      ada.do('task.create', { id: c, listId, title: 'c' }),
      ada.do('task.create', { id: b, listId, title: 'b', after: a }),
      ada.do('task.create', { id: v7(), listId, title: 'child', parentId: a }),
      ada.do('task.delete', { id: a }),
      ada.do('task.update', { id: a, fields: { title: 'too late' } }),
      ada.do('task.restore', { id: a }),
    ]);
    expect(outcomes.map(codeOf)).toEqual([
      'applied',
      'applied',
      'applied',
      'applied',
      'applied',
      'not_found',
      'applied',
    ]);
    const order = await rig.rows<{ title: string }>(
      `select title from task where id = any ($1) and deleted_at is null order by pos, id`,
      [[a, b, c]],
    );
    expect(order.map(({ title }) => title)).toEqual(['a', 'b', 'c']);
    expect(await rig.rows('select id from task where parent_id = $1 and deleted_at is null', [a])).toHaveLength(1);
  });

  test('several commands are one change, or none', async () => {
    const id = await ada.task(listId);
    const commands = [
      { name: 'task.update', args: { id, fields: { title: 'Both' } } },
      { name: 'task.complete', args: { id, done: true } },
    ];
    const outcome = await rig.first.commit({ actor: ada.actor, commands });
    expect(outcome).toMatchObject({ status: 'applied' });
    expect(
      await rig.rows(`select jsonb_array_length(effects) as n from change where effects @> $1::jsonb`, [
        JSON.stringify([{ id, op: 'patch' }]),
      ]),
    ).toEqual([{ n: 2 }]);
    const refused = await rig.first.commit({
      actor: ada.actor,
      commands: [
        { name: 'task.update', args: { id, fields: { title: 'Half' } } },
        { name: 'task.update', args: { id: v7(), fields: { title: 'x' } } },
      ],
    });
    expect(codeOf(refused)).toBe('not_found');
    expect(await rig.rows('select title from task where id = $1', [id])).toEqual([{ title: 'Both' }]);
  });

  test('time in a scope never runs back, whatever the clock does', async () => {
    const future = Date.now() + 3_600_000;
    const ahead = await ada.list('Ahead');
    await rig.pool.query('update scope set head_at = $2 where id = $1', [listScope(ahead), future]);
    await ada.task(ahead);
    expect(
      await rig.rows('select at from change where scope_id = $1 order by seq desc limit 1', [listScope(ahead)]),
    ).toEqual([{ at: future }]);
  });
});

describe('merging', () => {
  test('an overwritten value that its author had not seen is told, and only then', async () => {
    const id = v7();
    const bob = await rig.person();
    await ada.letIn(bob, listId);
    const base = (await ada.did('task.create', { id, listId, title: 'Milk' })).seqs[listScope(listId)] as number;
    const by = (await bob.did('task.update', { id, fields: { title: 'Oat milk', notes: 'x' } }, { base })).seqs[
      listScope(listId)
    ] as number;
    const from = rig.first.packets.length;
    await ada.did('task.update', { id, fields: { title: 'Soy milk' } }, { base });
    // Her own client's writes, what she had seen, and equal values are no loss.
    await ada.did('task.update', { id, fields: { title: 'Rice milk' } }, { base });
    await bob.did('task.update', { id, fields: { notes: 'y' } }, { base: by + 2 });
    const changes = rig.first.packets.slice(from).flatMap((packet) => packet.changes);
    expect(changes.map(({ overwrote }) => overwrote)).toEqual([
      [{ type: 'task', id, field: 'title', value: 'Oat milk', actor: bob.id, seq: by }],
      undefined,
      undefined,
    ]);
  });

  test('a strict author gets a conflict instead', async () => {
    const id = await ada.task(listId);
    const { seqs } = await ada.did('task.update', { id, fields: { title: 'Newer' } });
    const at = seqs[listScope(listId)] as number;
    const strictly = (base: number, fields: unknown) =>
      rig.first.commit({ ...ada.submission('task.update', { id, fields }, { base }), strict: true });
    expect(codeOf(await strictly(at - 1, { title: 'Blind' }))).toBe('conflict');
    expect(codeOf(await strictly(at - 1, { notes: 'another field' }))).toBe('applied');
    expect(codeOf(await strictly(at, { title: 'Seen' }))).toBe('applied');
  });

  test('a list whose keys grew too long gets short ones, in the same order', async () => {
    const crowded = await ada.list('Crowded');
    const [first, last] = [await ada.task(crowded), await ada.task(crowded)];
    // Always between the same two: each key is longer than the one before.
    for (let n = 0; n < 420; n += 20) {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          ada.did('task.create', { id: v7(), listId: crowded, title: 'x', after: first }),
        ),
      );
    }
    await expect
      .poll(
        async () =>
          (
            await rig.rows<{ n: number }>('select max(length(pos)) as n from task where scope_id = $1', [
              listScope(crowded),
            ])
          )[0]?.n,
      )
      .toBeLessThan(10);
    const order = await rig.rows<{ id: string }>('select id from task where scope_id = $1 order by pos, id', [
      listScope(crowded),
    ]);
    expect(order[0]?.id).toBe(first);
    expect(order.at(-1)?.id).toBe(last);
  });
});

describe('people', () => {
  test('an address without an account is answered alike, and one that never came in is made room for', async () => {
    const stranger = await rig.account('new@example.org');
    expect(await ada.did('member.invite', { listId, email: 'new@example.org', role: 'viewer' })).toMatchObject({
      results: [null],
    });
    expect(await ada.did('member.invite', { listId, email: 'nobody@example.org', role: 'viewer' })).toMatchObject({
      seqs: {},
      results: [null],
    });
    expect(await rig.rows('select id from membership where scope_id = $1', [userScope(stranger)])).toEqual([
      { id: listId },
    ]);
    expect(await rig.rows('select role from invitation where email = $1', ['nobody@example.org'])).toEqual([
      { role: 'viewer' },
    ]);
  });

  test('an address that was not proved finds nobody, unless a word is enough here', async () => {
    const id = await rig.account('unproved@example.org', 'person', false);
    await ada.did('member.invite', { listId, email: 'unproved@example.org', role: 'viewer' });
    expect(await rig.rows('select * from acl_grant where subject = $1', [id])).toEqual([]);
    const trusting = rig.addGateway({ emailTrust: 'sign-up' });
    await ada.did('member.invite', { listId, email: 'unproved@example.org', role: 'viewer' }, { gateway: trusting });
    expect(
      await rig.rows('select role from acl_grant where acl_id = $1 and subject = $2', [listScope(listId), id]),
    ).toEqual([{ role: 'viewer' }]);
  });

  test('a removal raises the epoch with the change that removes, and takes the ways back', async () => {
    const bob = await rig.person();
    await ada.letIn(bob, listId);
    const link = { id: v7(), listId, role: 'editor', expiresAt: null, secretHash: v7(), secretSealed: 's' };
    await rig.first.commit({ ...ada.submission('link.create', link), trusted: true });
    const before = rig.first.packets.at(-1)?.aclEpoch ?? 0;
    const from = rig.first.packets.length;
    await ada.did('member.remove', { listId, userId: bob.id });
    const ofList = rig.first.packets.slice(from).find(({ scope }) => scope === listScope(listId));
    expect(ofList?.aclEpoch).toBe(before + 1);
    const again = await rig.first.commit({
      ...bob.submission('link.accept', { linkId: link.id, listId }),
      trusted: true,
    });
    expect(codeOf(again)).toBe('not_found');
    expect(codeOf(await bob.do('task.create', { id: v7(), listId, title: 'x' }))).toBe('not_found');
  });

  test('a deleted list takes its threads and its members’ memberships along', async () => {
    const doomed = await ada.list('Doomed');
    const bob = await rig.person();
    await ada.letIn(bob, doomed, 'viewer');
    const thread = await ada.thread(doomed);
    await ada.did('list.delete', { id: doomed });
    expect(
      await rig.rows('select gone from scope where id = any ($1)', [[listScope(doomed), `thread:${thread}`]]),
    ).toEqual([{ gone: 'deleted' }, { gone: 'deleted' }]);
    expect(await rig.rows('select * from membership where id = $1', [doomed])).toEqual([]);
    expect(codeOf(await ada.do('message.send', { id: v7(), threadId: thread, text: 'hi' }))).toBe('not_found');
    expect(codeOf(await ada.do('list.create', { id: doomed, title: 'Again' }))).toBe('conflict');
  });

  test('only a trusted caller may give internal commands', async () => {
    expect(codeOf(await rig.first.commit(ada.submission('list.rebalance', { listId })))).toBe('invalid');
    expect(codeOf(await rig.first.commit({ ...ada.submission('list.rebalance', { listId }), trusted: true }))).toBe(
      'applied',
    );
  });
});
