import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, threadScope, userScope, type Person } from '../../test/rig.ts';
import { compactLogs, type CompactSettings } from './compact.ts';

const DAY_MS = 24 * 3_600_000;
let database: TestDatabase;
let rig: Rig;
let ada: Person;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  ada = await rig.person();
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const settings = (more: Partial<CompactSettings> = {}): CompactSettings => ({
  catchUpMs: 30 * DAY_MS,
  catchUpChanges: 10_000,
  historyMs: null,
  ...more,
});

/** Everything that happened up to here in the scope happened so many days ago. */
async function makeOld(scope: string, days: number, upTo = 1e9): Promise<void> {
  await rig.pool.query('update change set at = at - $2::bigint where scope_id = $1 and seq <= $3', [
    scope,
    days * DAY_MS,
    upTo,
  ]);
  await rig.pool.query(
    'update scope s set head_at = (select at from change where scope_id = s.id and seq = s.head_seq) where id = $1',
    [scope],
  );
}

const floors = (scope: string) =>
  rig
    .rows<{ head: number; floor: number; history: number; rows: number; hollow: number }>(
      `select head_seq as head, floor_seq as floor, history_floor as history, count(c.seq)::int as rows,
         count(c.seq) filter (where effects = '[]' and prev = '[]')::int as hollow
       from scope s left join change c on c.scope_id = s.id where s.id = $1 group by s.id`,
      [scope],
    )
    .then(([row]) => row);

/** How an open from this position is answered. */
async function kindAt(scope: string, seq: number): Promise<string> {
  const [row] = await rig.rows<{ changes: boolean }>(
    `select (feed_read($1, jsonb_build_array(jsonb_build_array($2::text, $3::bigint, (select epoch from log_epoch))), 900000, 2000)
       #> '{0,1}')::text <> 'null' as changes`,
    [ada.id, scope, seq],
  );
  return row?.changes ? 'changes' : 'snapshot';
}

test('whoever is far behind takes a snapshot; lists keep their history, conversations the shells of theirs', async () => {
  const list = await ada.list();
  const task = await ada.task(list, { title: 'Before' });
  await ada.did('task.update', { id: task, fields: { title: 'After' } });
  const thread = await ada.thread(list);
  const sent = { id: v7(), threadId: thread, text: 'Said long ago' };
  const outcome = await ada.did('message.send', sent);
  const again = () => {
    ada.mid -= 1;
    return ada.do('message.send', sent);
  };
  for (const scope of [listScope(list), threadScope(thread), userScope(ada.id)]) await makeOld(scope, 40);
  await ada.task(list);

  expect(await kindAt(listScope(list), 1)).toBe('changes');
  const { compacted, historyRemoved } = await compactLogs(rig.pool, settings());
  expect(compacted).toBeGreaterThan(0);
  expect(historyRemoved).toBe(0);
  expect(await floors(listScope(list))).toEqual({ head: 5, floor: 4, history: 0, rows: 5, hollow: 0 });
  expect(await floors(threadScope(thread))).toEqual({ head: 1, floor: 1, history: 0, rows: 1, hollow: 1 });
  expect(await floors(userScope(ada.id))).toMatchObject({ head: 1, floor: 1, hollow: 1 });
  expect(await kindAt(listScope(list), 3)).toBe('snapshot');
  expect(await kindAt(listScope(list), 4)).toBe('changes');
  const [row] = await rig.rows<{ prev: unknown }>('select prev from change where scope_id = $1 and seq = 3', [
    listScope(list),
  ]);
  expect(row?.prev).toEqual([{ title: 'Before' }]);
  // A mutation that comes once more finds its answer in the shell.
  ada.mid -= 1;
  expect(await again()).toMatchObject({ status: 'duplicate', first: { status: 'applied', seqs: outcome.seqs } });
  ada.mid += 1;

  expect(await compactLogs(rig.pool, settings())).toEqual({ compacted: 0, historyRemoved: 0 });
  expect(await rig.faults()).toEqual([]);
});

test('a list that moves fast keeps so many changes, however young they are', async () => {
  const list = await ada.list();
  for (let n = 0; n < 9; n++) await ada.task(list);
  await compactLogs(rig.pool, settings({ catchUpChanges: 4 }));
  expect(await floors(listScope(list))).toMatchObject({ head: 10, floor: 6, rows: 10, hollow: 0 });
});

test('history that is too old goes, and with it the way back; what was applied stays applied once', async () => {
  const eve = await rig.person();
  const list = await eve.list();
  const first = { id: v7(), listId: list, title: 'First' };
  await eve.did('task.create', first);
  const firstMid = eve.mid;
  for (let n = 0; n < 3; n++) await eve.task(list);
  await makeOld(listScope(list), 400, 3);
  const { historyRemoved } = await compactLogs(rig.pool, settings({ historyMs: 365 * DAY_MS }));
  expect(historyRemoved).toBe(3);
  expect(await floors(listScope(list))).toEqual({ head: 5, floor: 3, history: 3, rows: 2, hollow: 0 });
  const client = { clientId: eve.clientId, mid: firstMid, nonce: `nonce-${firstMid}` };
  expect(await rig.first.commit(eve.submission('task.create', first, { client }))).toMatchObject({
    status: 'duplicate',
  });
  await eve.task(list);
  expect(await rig.rows('select from task where scope_id = $1', [listScope(list)])).toHaveLength(5);
  expect(await floors(listScope(list))).toMatchObject({ head: 6, rows: 3 });
});

test('a log that was never cared for is done in one round', async () => {
  const scope = threadScope(await ada.thread());
  await rig.pool.query(
    `insert into change (scope_id, seq, txn_id, actor, acl_epoch, effects, prev, at)
     select $1, n, 'x', 'x', 1, '[{}]', '[{}]', 1 from generate_series(1, 12001) n`,
    [scope],
  );
  await rig.pool.query('update scope set head_seq = 12001, head_at = $2 where id = $1', [scope, Date.now()]);
  expect((await compactLogs(rig.pool, settings({ catchUpChanges: 1e6 }))).compacted).toBe(12_001);
  expect(await floors(scope)).toEqual({ head: 12_001, floor: 12_001, history: 0, rows: 12_001, hollow: 12_001 });
});

test('a commit never waits for it', async () => {
  const thread = await ada.thread();
  for (let n = 0; n < 3; n++) await ada.did('message.send', { id: v7(), threadId: thread, text: 'x' });
  await makeOld(threadScope(thread), 40);
  const holder = await rig.pool.connect();
  await holder.query('begin');
  await holder.query('select from change where scope_id = $1 and seq = 2 for update', [threadScope(thread)]);
  const compacting = compactLogs(rig.pool, settings());
  await expect
    .poll(() =>
      rig.rows(
        `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update change set effects%'`,
      ),
    )
    .toHaveLength(1);
  await ada.did('message.send', { id: v7(), threadId: thread, text: 'meanwhile' });
  await holder.query('commit');
  holder.release();
  await compacting;
  expect(await floors(threadScope(thread))).toEqual({ head: 4, floor: 3, history: 0, rows: 4, hollow: 3 });
});

test('stopped anywhere and done by two at once, in the middle of writes, it comes to the same', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => rig.person()));
  const threads = await Promise.all(people.map((person) => person.thread()));
  let isWriting = true;
  const writing = people.map(async (person, index) => {
    for (let n = 0; n < 60; n++) {
      const gateway = rig.gateways[n % 2]!;
      await person.did('thread.rename', { id: threads[index], title: `Title ${n}` }, { gateway });
    }
  });
  const all = Promise.all(writing).finally(() => (isWriting = false));
  const now = settings({ catchUpMs: 0, catchUpChanges: 5 });
  for (let round = 0; isWriting; round++) {
    let steps = round % 4;
    await Promise.all([compactLogs(rig.pool, now), compactLogs(rig.pool, now, () => steps-- <= 0)]);
  }
  await all;
  await compactLogs(rig.pool, now);
  for (const person of people) {
    const end = await floors(userScope(person.id));
    expect(end).toMatchObject({ head: 61, rows: 61, history: 0 });
    expect(end?.floor).toBe(end?.hollow);
  }
  expect(await rig.faults()).toEqual([]);
}, 60_000);
