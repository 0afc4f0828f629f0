import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig } from '../../test/rig.ts';

let database: TestDatabase;
let rig: Rig;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await rig.close();
  await database.drop();
});

test('what was remembered of a log that went back is not believed', async () => {
  rig = new Rig(database.url);
  const guest = await rig.person(undefined, 'guest');
  const heir = await rig.person();
  await guest.list();
  const before = await rig.rows<{ id: string; acl_id: string }>('select id, acl_id from scope');
  await rig.first.commit({ ...heir.submission('guest.merge', { guestId: guest.id }), trusted: true });
  const after = v7();
  await rig.first.commit(guest.submission('list.create', { id: after, title: 'As the heir' }));
  const ownerOf = async (list: string) =>
    (await rig.rows<{ subject: string }>('select subject from acl_grant where acl_id = $1', [listScope(list)]))[0]
      ?.subject;
  expect(await ownerOf(after)).toBe(heir.id);
  // As a restore leaves it: the guest is a guest again, under a new logEpoch.
  await rig.pool.query('update principal set merged_into = null');
  await rig.pool.query('update scope set gone = null, gone_to = null where id = any ($1)', [
    before.map(({ id }) => id),
  ]);
  await rig.pool.query('update log_epoch set epoch = gen_random_uuid()::text');
  const again = v7();
  await rig.first.commit(guest.submission('list.create', { id: again, title: 'As the guest' }));
  expect(await ownerOf(again)).toBe(guest.id);
});

test('who has to hear of another log hears of it before any answer from it', async () => {
  const heard: string[] = [];
  let isKnown = true;
  rig = new Rig(database.url, 1, {
    onLog: (logEpoch) => {
      if (isKnown) return undefined;
      return rig.rows('select 1').then(() => void heard.push(logEpoch));
    },
  });
  const ada = await rig.person();
  const list = await ada.list();
  expect(heard).toEqual([]);
  isKnown = false;
  const [row] = await rig.rows<{ epoch: string }>(
    'update log_epoch set epoch = gen_random_uuid()::text returning epoch',
  );
  // As a restore leaves it: the client's last mids are unknown.
  await rig.pool.query('update client set last_mid = 0');
  ada.mid = 7;
  const told = ada
    .do('task.create', { id: v7(), listId: list, title: 'x' })
    .then((outcome) => [...heard, codeOf(outcome)]);
  expect(await told).toEqual([row?.epoch, 'out_of_order']);
  await ada.do('task.create', { id: v7(), listId: list, title: 'x' });
  expect(heard).toHaveLength(1);
});

test('while another database takes its place it is away, and nothing is refused for it', async () => {
  rig = new Rig(database.url);
  const ada = await rig.person();
  const list = await ada.list();
  const name = new URL(database.url).pathname.slice(1);
  const server = new URL(database.url);
  server.pathname = '/postgres';
  const operator = new pg.Client(server.href);
  await operator.connect();
  const end = () => operator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  const task = { id: v7(), listId: list, title: 'Not to be lost' };
  for (const [away, back] of [
    [`alter database ${name} rename to ${name}_away`, `alter database ${name}_away rename to ${name}`],
    [`alter database ${name} allow_connections false`, `alter database ${name} allow_connections true`],
  ] as const) {
    await expect
      .poll(async () => {
        await end();
        return operator.query(away).then(
          () => 'away',
          (error: { code: string }) => error.code,
        );
      })
      .toBe('away');
    await end();
    await expect(ada.do('task.create', task)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(ada.do('task.create', task)).rejects.toMatchObject({ code: 'unavailable' });
    ada.mid -= 2;
    await operator.query(back);
  }
  await operator.end();
  expect(codeOf(await ada.do('task.create', task))).toBe('applied');
});
