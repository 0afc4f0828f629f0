import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, threadScope, userScope, type Person } from '../../test/rig.ts';
import { CARED_FOR, careForLog, type CareSettings } from './care-for-log.ts';

const DAY_MS = 24 * 3_600_000;
const SETTINGS: CareSettings = {
  catchUpMs: 30 * DAY_MS,
  catchUpChanges: 10_000,
  historyMs: null,
  trashMs: 30 * DAY_MS,
  guestMs: 30 * DAY_MS,
};
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

/** A round of care. @returns what was removed, by name */
async function care(settings: Partial<CareSettings> = {}, isOver = () => false): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  await careForLog({
    pool: rig.pool,
    commit: rig.first.commit,
    settings: { ...SETTINGS, ...settings },
    isOver,
    onRemoved: (what, count) => void (removed[what] = (removed[what] ?? 0) + count),
    onFault: (what, error) => {
      throw Object.assign(new Error(what), { cause: error });
    },
  });
  expect(CARED_FOR).toEqual(expect.arrayContaining(Object.keys(removed)));
  return removed;
}

const ago = (days: number): number => Date.now() - days * DAY_MS;

test('deleted tasks go after a month with their sub-tasks, and a restore says so; younger ones come back', async () => {
  const list = await ada.list();
  const [old, young] = [await ada.task(list), await ada.task(list)];
  for (const parentId of [old, young]) await ada.task(list, { parentId });
  for (const id of [old, young]) await ada.did('task.delete', { id });
  await rig.pool.query('update task set deleted_at = $2 where id = $1 or parent_id = $1', [old, ago(31)]);
  await rig.pool.query('update task set deleted_at = $2 where id = $1 or parent_id = $1', [young, ago(29)]);
  // A list in which someone writes just now is left for later, and nobody waits.
  const writer = await rig.pool.connect();
  await writer.query('begin');
  await writer.query('select from scope where id = $1 for update', [listScope(list)]);
  expect(await care()).not.toHaveProperty('tasks');
  await writer.query('rollback');
  writer.release();

  expect(await care()).toMatchObject({ tasks: 2 });
  const refused = await ada.do('task.restore', { id: old });
  expect(codeOf(refused)).toBe('not_found');
  expect(refused.status === 'rejected' && refused.error.message).toContain('kept for a while only');
  await ada.did('task.restore', { id: young });
  expect(await rig.rows('select from task where scope_id = $1 and deleted_at is null', [listScope(list)])).toHaveLength(
    2,
  );
  expect(await care()).toEqual({});
});

test('what deleted lists and conversations held goes after a month; their ids stay taken', async () => {
  const list = await ada.list('A title to lose');
  await ada.task(list);
  const thread = await ada.thread(list);
  await ada.did('message.send', { id: v7(), threadId: thread, text: 'Words to lose' });
  await ada.did('list.delete', { id: list });
  expect(await care()).toEqual({});
  expect(await rig.rows('select from message where scope_id = $1', [threadScope(thread)])).toHaveLength(1);
  await rig.pool.query('update scope set gone_at = $2 where id = any ($1)', [
    [listScope(list), threadScope(thread)],
    ago(31),
  ]);
  expect(await care()).toEqual({ scopes: 2 });
  for (const table of ['task', 'message', 'run', 'thread', 'list']) {
    expect(
      await rig.rows(`select from ${table} where scope_id = any ($1)`, [[listScope(list), threadScope(thread)]]),
    ).toEqual([]);
  }
  const logged = await rig.rows<{ text: string }>(
    "select effects::text || prev::text || coalesce(touched::text, '') as text from change where scope_id = any ($1)",
    [[listScope(list), threadScope(thread)]],
  );
  expect(new Set(logged.map(({ text }) => text))).toEqual(new Set(['[][]']));
  expect(codeOf(await ada.do('list.create', { id: list, title: 'Again' }))).toBe('conflict');
  expect(await care()).toEqual({});
});

test('keys, calls, links, invitations, tokens and sessions go once they are of no use, and no earlier', async () => {
  const list = await ada.list();
  const thread = await ada.thread();
  const runs: string[] = [];
  for (const [endedAt, status] of [
    [ago(8), 'completed'],
    [ago(6), 'completed'],
    [null, 'running'],
  ] as const) {
    const id = v7();
    await ada.did('message.send', { id, threadId: thread, text: 'x' });
    const [run] = await rig.rows<{ id: string }>(
      'update run set status = $2, ended_at = $3 where message_id = $1 returning id',
      [id, status, endedAt],
    );
    runs.push(run?.id as string);
    await rig.pool.query('insert into run_work (run_id, heartbeat_at) values ($1, 0)', [run?.id]);
    await rig.pool.query(
      `insert into tool_call (run_id, call_id, name, args, result, seqs, at) values ($1, 'c', 'x', '[]', '[]', '{}', 0)`,
      [run?.id],
    );
  }
  for (const [key, days] of [
    ['old', 8],
    ['young', 6],
  ] as const) {
    const at = ago(days);
    await rig.pool.query(
      `insert into idempotency (subject, key, body_hash, results, seqs, at) values ('s', $1, '', '[]', '{}', $2)`,
      [key, at],
    );
    for (const column of ['expires_at', 'taken_at', 'revoked_at']) {
      await rig.pool.query(
        `insert into invitation (id, acl_id, email, role, invited_by, ${column}) values ($1, $2, 'x@example.org', 'viewer', 'x', $3)`,
        [`${key} ${column}`, listScope(list), ago(days * 4)],
      );
    }
    for (const column of ['expires_at', 'revoked_at']) {
      await rig.pool.query(
        `insert into link (id, acl_id, role, secret_hash, secret_sealed, created_by, ${column}) values ($1, $2, 'viewer', $1, '', 'x', $3)`,
        [`${key} ${column}`, listScope(list), ago(days * 4)],
      );
      await rig.pool.query(
        `insert into api_token (id, principal_id, name, secret_hash, ${column}) values ($1, $2, 'x', $1, $3)`,
        [`${key} ${column}`, ada.id, ago(days * 4)],
      );
    }
    await rig.pool.query(
      `insert into "session" (id, token, "expiresAt", "updatedAt", "userId") values ($1, $1, $2, now(), $3)`,
      [key, new Date(ago(days / 7)), ada.id],
    );
    await rig.pool.query('insert into verification (id, identifier, value, "expiresAt") values ($1, $1, $1, $2)', [
      key,
      new Date(ago(days / 7)),
    ]);
  }
  expect(await care()).toEqual({
    'tool calls': 1,
    'idempotency keys': 1,
    invitations: 3,
    links: 2,
    tokens: 2,
    sessions: 1,
    verifications: 1,
  });
  expect((await rig.rows('select run_id as id from tool_call order by run_id')).map(({ id }) => id)).toEqual(
    runs.slice(1).sort(),
  );
  for (const table of ['idempotency', 'invitation', 'link', 'api_token', '"session"', 'verification']) {
    const rows = await rig.rows<{ text: string }>(`select t::text as text from ${table} t`);
    expect(rows.filter(({ text }) => text.includes('old'))).toEqual([]);
    expect(rows.some(({ text }) => text.includes('young'))).toBe(true);
  }
  await rig.pool.query(`update run set status = 'completed', ended_at = $2 where id = $1`, [runs[2], Date.now()]);
});

test('a guest without a session goes after a month; one who comes back in time stays', async () => {
  const [gone, back, here] = (await Promise.all(
    ['gone', 'back', 'here'].map((name) => rig.person(`${name}@guests.example`, 'guest')),
  )) as [Person, Person, Person];
  const signIn = (guest: Person) =>
    rig.pool.query(
      `insert into "session" (id, token, "expiresAt", "updatedAt", "userId") values ($1, $1, now() + interval '1 day', now(), $2)`,
      [v7(), guest.id],
    );
  await signIn(here);
  const list = await gone.list('Tried it out');
  await care();
  const days = async () =>
    Object.fromEntries(
      (
        await rig.rows<{ id: string; at: number | null }>(
          `select id, expires_at as at from principal where kind = 'guest'`,
        )
      ).map(({ id, at }) => [id, at]),
    );
  expect(await days()).toMatchObject({ [here.id]: null });
  expect((await days())[gone.id]).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  await rig.pool.query(`update principal set expires_at = 1 where expires_at is not null`);
  await signIn(back);
  expect(await care()).toEqual({ guests: 1 });
  expect(await days()).toEqual({ [back.id]: null, [here.id]: null });
  expect(await rig.rows('select kind from principal where id = $1', [gone.id])).toEqual([{ kind: 'erased' }]);
  expect(
    await rig.rows('select gone, size from scope where id = any ($1)', [[listScope(list), userScope(gone.id)]]),
  ).toEqual([
    { gone: 'deleted', size: 0 },
    { gone: 'deleted', size: 0 },
  ]);
});

test('an erasure that was cut short is finished; a round ends when its time is up', async () => {
  const eve = await rig.person();
  await eve.list();
  await rig.pool.query('insert into erasure (principal_id) values ($1)', [eve.id]);
  expect(await care({}, () => true)).toEqual({});
  expect(await care()).toEqual({ erasures: 1 });
  expect(await rig.rows('select from "user" where id = $1', [eve.id])).toEqual([]);
});

test('two rounds at once remove everything once', async () => {
  const list = await ada.list();
  for (let n = 0; n < 20; n++) await ada.did('task.delete', { id: await ada.task(list) });
  await rig.pool.query('update task set deleted_at = 1 where scope_id = $1', [listScope(list)]);
  await rig.pool.query(
    `insert into idempotency select 's', n::text, '', '[]', '{}', 0 from generate_series(1, 3000) n`,
  );
  const rounds = await Promise.all([care(), care(), care()]);
  // What one skipped since another had it, the other removed, or the next round does.
  rounds.push(await care());
  const total = (what: string) => rounds.reduce((sum, removed) => sum + (removed[what] ?? 0), 0);
  expect(total('idempotency keys')).toBe(3000);
  expect(total('tasks')).toBe(20);
  expect(await rig.faults()).toEqual([]);
});
