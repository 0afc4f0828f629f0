import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, threadScope, userScope, type Person } from '../../test/rig.ts';
import { erasePerson, findPerson, listOpenErasures } from './erase-person.ts';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const deps = () => ({ pool: rig.pool, commit: rig.first.commit });

/** Tables whose text holds the word anywhere. */
async function tablesWith(word: string): Promise<string[]> {
  const tables = await rig.rows<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await rig.rows(`select from ${name} t where strpos(t::text, $1) > 0 limit 1`, [word]);
    if (rows.length > 0) found.push(name);
  }
  return found.sort();
}

/** What an open of the scope reads. */
async function open(reader: Person, scope: string, after: number | null = null) {
  const [row] = await rig.rows<{ parts: [unknown[], unknown, unknown][] }>(
    `select feed_read($1, jsonb_build_array(jsonb_build_array($2::text, $3::bigint, (select epoch from log_epoch))), 900000, 2000) as parts`,
    [reader.id, scope, after],
  );
  const [part] = row?.parts ?? [];
  if (!part) return undefined;
  const [head, changes, entities] = part;
  return { role: head[8], kind: entities === null ? 'changes' : 'snapshot', text: JSON.stringify(entities ?? changes) };
}

/** Someone who left traces everywhere; every secret word of theirs begins with their mark. */
async function someoneWithTraces(mark: string) {
  const email = `${mark}@example.org`;
  const person = await rig.person(email);
  await rig.pool.query(`update profile set name = $2, image = $2 where principal_id = $1`, [person.id, `${mark} Name`]);
  await rig.pool.query(`update "user" set name = $2 where id = $1`, [person.id, `${mark} Name`]);
  await rig.pool.query(
    `insert into "session" (id, token, "expiresAt", "updatedAt", "ipAddress", "userAgent", "userId")
     values ($1, $2, now() + interval '1 day', now(), '10.1.2.3', $2, $3)`,
    [`${mark}-session`, `${mark}-token`, person.id],
  );
  await rig.pool.query(
    `insert into "account" ("accountId", "providerId", "userId", password, "updatedAt") values ($1, 'credential', $1, $2, now())`,
    [person.id, `${mark}-hash`],
  );
  await rig.pool.query(
    `insert into "verification" (identifier, value, "expiresAt") values ('reset', $1, now() + interval '1 day')`,
    [email],
  );
  await rig.pool.query(`insert into api_token (id, principal_id, name, secret_hash) values ($1, $2, $3, $3)`, [
    v7(),
    person.id,
    `${mark}-api`,
  ]);
  await person.did('settings.update', { fields: { zone: 'Europe/Berlin' } });
  const solo = await person.list(`${mark} list`);
  const task = await person.task(solo, { title: `${mark} task`, notes: `${mark} notes` });
  await person.did('task.update', { id: task, fields: { title: `${mark} changed` } });
  await person.did('task.delete', { id: await person.task(solo, { title: `${mark} deleted` }) });
  await person.did('label.create', { id: v7(), listId: solo, name: `${mark} label` });
  const own = await person.thread();
  await person.did('message.send', { id: v7(), threadId: own, text: `${mark} to myself` });
  const ofSolo = await person.thread(solo);
  await person.did('message.send', { id: v7(), threadId: ofSolo, text: `${mark} in my list` });
  await person.did('thread.rename', { id: own, title: `${mark} thread` });
  // Something that was refused, whose answer the client row keeps.
  await person.do('task.update', { id: v7(), fields: { title: `${mark} nowhere` } });
  const submission = person.submission('task.create', { id: v7(), listId: solo, title: `${mark} by key` });
  await rig.first.commit({ ...submission, idempotency: { key: `${mark}-key`, bodyHash: 'x' } });
  return { person, email, solo, own };
}

/** An answer of the agent to a message, with a tool call, as a worker writes it. */
async function answer(asker: Person, messageId: string, text: string): Promise<string> {
  const [run] = await rig.rows<{ id: string }>('select id from run where message_id = $1', [messageId]);
  const runId = run?.id as string;
  const actor = { id: '00000000-0000-4000-8000-00000000a6e7', kind: 'agent' as const, for: asker.id };
  const submit = (name: string, args: unknown, callId?: string) =>
    rig.first.commit({
      actor,
      commands: [{ name, args }],
      trusted: true,
      run: { runId, ...(callId ? { callId } : {}) },
    });
  expect(await submit('run.claim', { runId })).toMatchObject({ status: 'applied' });
  const item = (n: number, kind: string, body: unknown) => ({
    id: `${runId}:${n}`,
    n,
    kind,
    callId: null,
    body,
    state: 'done',
  });
  expect(await submit('run.item', { runId, attempt: 1, item: item(0, 'tool_call', { text }) })).toMatchObject({
    status: 'applied',
  });
  expect(await submit('run.item', { runId, attempt: 1, item: item(1, 'message', {}), text })).toMatchObject({
    status: 'applied',
  });
  await rig.pool.query(
    `insert into tool_call (run_id, call_id, name, args, result, seqs, at) values ($1, 'c', 'x', $2, '[]', '{}', 0)`,
    [runId, JSON.stringify([text])],
  );
  return runId;
}

test('nothing of them is found in any table, and what others share goes on', async () => {
  const mark = 'xqzerased';
  const { person, email, solo, own } = await someoneWithTraces(mark);
  const [ben, cleo, dan] = [await rig.person(), await rig.person(), await rig.person()];
  const shared = await person.list('Shared');
  await person.letIn(ben, shared, 'viewer');
  await person.letIn(cleo, shared, 'editor');
  await person.letIn(dan, shared, 'editor');
  const theirs = await person.task(shared, { title: 'Kept with the list' });
  const onlyViewed = await person.list(`${mark} viewed`);
  await person.letIn(ben, onlyViewed, 'viewer');
  const guestOf = await ben.list('Of Ben');
  await ben.letIn(person, guestOf);
  // An invitation by someone else to their address.
  await rig.pool.query(
    `insert into invitation (id, acl_id, email, role, invited_by) values ($1, $2, $3, 'viewer', $4)`,
    [v7(), listScope(guestOf), email, ben.id],
  );
  const thread = await cleo.thread(shared);
  const said = v7();
  await person.did('message.send', { id: said, threadId: thread, text: `${mark} in public` });
  await answer(person, said, `${mark} is what you said`);
  await rig.pool.query(`update run set status = 'completed', ended_at = 1 where message_id = $1`, [said]);
  const kept = v7();
  await cleo.did('message.send', { id: kept, threadId: thread, text: 'Cleo stays' });
  expect((await tablesWith(mark)).length).toBeGreaterThan(12);

  const lockedOut: string[][] = [];
  const report = await erasePerson({ ...deps(), onLockedOut: (ids) => lockedOut.push(ids) }, person.id);
  expect(report).toMatchObject({ isKnown: true, passedOn: [{ listId: shared, heir: cleo.id }] });
  expect(report.left.sort()).toEqual([shared, guestOf].sort());
  expect(report.deleted.sort()).toEqual([solo, onlyViewed].sort());
  expect(lockedOut[0]).toContain(`${mark}-session`);
  expect(lockedOut[0]).toHaveLength(2);

  expect(await tablesWith(mark)).toEqual([]);
  expect(await tablesWith(email)).toEqual([]);
  expect(await tablesWith('10.1.2.3')).toEqual([]);
  expect(await listOpenErasures(rig.pool)).toEqual([]);
  expect(await rig.rows('select kind from principal where id = $1', [person.id])).toEqual([{ kind: 'erased' }]);
  expect(await rig.rows('select from acl_grant where subject = $1', [person.id])).toEqual([]);

  // Cleo owns the list now, and Ben sees what is left of it.
  expect(await open(cleo, listScope(shared))).toMatchObject({ role: 'owner' });
  expect((await open(cleo, listScope(shared)))?.text).toContain(theirs);
  expect(await open(ben, listScope(onlyViewed))).toBeUndefined();
  // Whoever is behind takes a snapshot: the messages of others alone.
  const behind = await open(cleo, threadScope(thread), 1);
  expect(behind).toMatchObject({ kind: 'snapshot' });
  expect(behind?.text).toContain(kept);
  expect(behind?.text).not.toContain(said);
  for (const scope of [userScope(person.id), threadScope(own), listScope(solo)]) {
    expect(await rig.rows('select gone, size from scope where id = $1', [scope])).toEqual([
      { gone: 'deleted', size: 0 },
    ]);
  }
  expect(await rig.faults()).toEqual([]);
});

test('what they still had on its way is refused, and makes nothing of theirs anew', async () => {
  const { person } = await someoneWithTraces('xqzlate');
  const ben = await rig.person();
  const shared = await ben.list();
  await ben.letIn(person, shared);
  await erasePerson(deps(), person.id);
  const late = async (name: string, args: unknown) => (await rig.first.commit(person.submission(name, args))).status;
  expect(await late('list.create', { id: v7(), title: 'xqzlate again' })).toBe('rejected');
  expect(await late('task.create', { id: v7(), listId: shared, title: 'xqzlate again' })).toBe('rejected');
  expect(await late('settings.update', { fields: { theme: 'dark' } })).toBe('rejected');
  expect(await late('thread.create', { id: v7() })).toBe('rejected');
  await rig.pool.query('select commit_ensure($1)', [[person.id]]);
  expect(await tablesWith('xqzlate')).toEqual([]);
});

test('an erasure that is cut short at any step is taken up again, by two at once too', async () => {
  for (let steps = 0; steps < 8; steps++) {
    const mark = `xqzcut${steps}`;
    const { person } = await someoneWithTraces(mark);
    const ben = await rig.person();
    const shared = await person.list('Shared');
    await person.letIn(ben, shared, 'editor');
    const thread = await person.thread(shared);
    await person.did('message.send', { id: v7(), threadId: thread, text: `${mark} said` });
    let left = steps;
    const commit = Object.assign(
      (...args: Parameters<typeof rig.first.commit>) => {
        if (left-- <= 0) throw new Error('killed');
        return rig.first.commit(...args);
      },
      { close: () => Promise.resolve() },
    );
    await erasePerson({ pool: rig.pool, commit }, person.id).catch(() => undefined);
    // Locked out at once, whatever comes of the rest.
    expect(await rig.rows('select from "user" where id = $1', [person.id])).toEqual([]);
    for (const id of await listOpenErasures(rig.pool))
      await Promise.all([erasePerson(deps(), id), erasePerson(deps(), id)]);
    expect(await tablesWith(mark)).toEqual([]);
    expect(await rig.rows('select role from acl_grant where acl_id = $1', [listScope(shared)])).toEqual([
      { role: 'owner' },
    ]);
  }
  expect(await rig.faults()).toEqual([]);
}, 60_000);

test('the guests that they were go with them', async () => {
  const guest = await rig.person('xqzguest@guests.example', 'guest');
  const list = await guest.list('xqzguest list');
  const thread = await guest.thread();
  await guest.did('message.send', { id: v7(), threadId: thread, text: 'xqzguest words' });
  const person = await rig.person('xqzguest@example.org');
  const merge = await rig.first.commit({ ...person.submission('guest.merge', { guestId: guest.id }), trusted: true });
  expect(merge.status).toBe('applied');
  expect(await findPerson(rig.pool, guest.id)).toBe(person.id);
  expect(await findPerson(rig.pool, 'XQZguest@example.org')).toBe(person.id);
  const report = await erasePerson(deps(), person.id);
  expect(report.deleted).toEqual([list]);
  expect(await tablesWith('xqzguest')).toEqual([]);
});

test('someone who is not there, yet or any more, is noted all the same', async () => {
  const id = v7();
  expect(await findPerson(rig.pool, id)).toBeUndefined();
  expect(await erasePerson(deps(), id)).toMatchObject({ isKnown: false, left: [], deleted: [] });
  expect(await rig.rows('select done_at is not null as done from erasure where principal_id = $1', [id])).toEqual([
    { done: true },
  ]);
});
