import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_ID } from '@muster/protocol/principal';
import { messageIdOf, runIdOf } from '@muster/domain/run-ids';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, Rig, type Gateway, threadScope, userScope, type Person } from '../../test/rig.ts';
import type { CommitOutcome, Submission } from './types.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;
let listId: string;
let threadId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  ada = await rig.person();
  listId = await ada.list();
  threadId = await ada.thread(listId);
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

const agentOf = (asker: Person) => ({ id: AGENT_ID, kind: 'agent' as const, for: asker.id });
const server = (name: string, args: unknown, more: Partial<Submission> = {}): Promise<CommitOutcome> =>
  rig.first.commit({ actor: agentOf(ada), commands: [{ name, args }], trusted: true, ...more });

async function ask(text = 'Plan a trip', thread = threadId): Promise<string> {
  const id = v7();
  const outcome = await ada.did('message.send', { id, threadId: thread, text, zone: 'Europe/Berlin', locale: 'de' });
  const runId = runIdOf(id);
  expect(outcome).toMatchObject({ results: [{ messageId: id, runId }], hints: [{ hint: 'run', runId, attempt: 0 }] });
  return runId;
}

describe('a run', () => {
  test('is one change with its message; its columns outside the log are kept', async () => {
    const runId = await ask();
    expect(await rig.rows('select status, zone, locale, asker_id, attempt from run where id = $1', [runId])).toEqual([
      { status: 'queued', zone: 'Europe/Berlin', locale: 'de', asker_id: ada.id, attempt: 0 },
    ]);
    expect(await server('run.claim', { runId })).toMatchObject({ status: 'applied', results: [{ attempt: 1 }] });
    await server('run.end', { runId, attempt: 1, status: 'completed', model: 'm', usage: { tokens: 3 } });
    expect(await rig.rows('select status, model, usage, zone from run where id = $1', [runId])).toEqual([
      { status: 'completed', model: 'm', usage: { tokens: 3 }, zone: 'Europe/Berlin' },
    ]);
  });

  test('one active a thread, whoever claims at once', async () => {
    const [first, second] = [await ask(), await ask()];
    const claims = await Promise.all([
      rig.gateways[0]!.commit({
        actor: agentOf(ada),
        commands: [{ name: 'run.claim', args: { runId: first } }],
        trusted: true,
      }),
      rig.gateways[1]!.commit({
        actor: agentOf(ada),
        commands: [{ name: 'run.claim', args: { runId: second } }],
        trusted: true,
      }),
    ]);
    expect(claims.map(codeOf).sort()).toEqual(['applied', 'conflict']);
    const active = codeOf(claims[0]!) === 'applied' ? first : second;
    // What no decider lets through, the index does not either.
    await expect(
      rig.rows(`update run set status = 'running' where id = $1`, [active === first ? second : first]),
    ).rejects.toMatchObject({ constraint: 'run_one_active' });
    await server('run.end', { runId: active, attempt: 1, status: 'completed' });
    await server('run.end', {
      runId: active === first ? second : first,
      attempt: 0,
      status: 'failed',
      error: { code: 'x', message: 'y' },
    });
  });

  test('a zombie stores nothing beside its successor: neither items nor what its tools do', async () => {
    const runId = await ask();
    await server('run.claim', { runId });
    await server('run.requeue', { runId, attempt: 1 });
    await server('run.claim', { runId });
    const item = {
      id: `${runId}:0`,
      n: 0,
      kind: 'message',
      callId: null,
      body: { messageId: messageIdOf(runId, 0) },
      state: 'done',
    };
    expect(codeOf(await server('run.item', { runId, attempt: 1, item, text: 'zombie' }))).toBe('conflict');
    const taskId = v7();
    const tool = (attempt: number) =>
      server(
        'task.create',
        { id: taskId, listId, title: 'by tool' },
        { run: { runId, callId: 'call-1', attempt }, trusted: false },
      );
    expect(codeOf(await tool(1))).toBe('conflict');
    expect(await rig.rows('select * from task where id = $1', [taskId])).toEqual([]);
    expect(codeOf(await server('run.item', { runId, attempt: 2, item, text: 'successor' }))).toBe('applied');
    expect(codeOf(await tool(2))).toBe('applied');
    expect(await rig.rows('select text from message where id = $1', [messageIdOf(runId, 0)])).toEqual([
      { text: 'successor' },
    ]);
    await server('run.end', { runId, attempt: 2, status: 'completed' });
  });

  test('a tool’s effect happens once for all attempts: its row, its effect and its result are one', async () => {
    const runId = await ask();
    await server('run.claim', { runId });
    const call = { run: { runId, callId: 'add', attempt: 1 }, trusted: false };
    const commands = [1, 2].map((n) => ({ name: 'task.create', args: { id: v7(), listId, title: `task ${n}` } }));
    const first = await rig.first.commit({ actor: agentOf(ada), commands, ...call });
    expect(codeOf(first)).toBe('applied');
    await server('run.requeue', { runId, attempt: 1 });
    await server('run.claim', { runId });
    const again = { actor: agentOf(ada), commands, run: { runId, callId: 'add', attempt: 2 } };
    const [here, there] = await Promise.all(rig.gateways.map((gateway) => gateway.commit(again)));
    for (const outcome of [here, there]) {
      expect(outcome).toMatchObject({
        status: 'duplicate',
        first: { seqs: first.status === 'applied' ? first.seqs : undefined },
        results: [null, null],
      });
    }
    expect(
      await rig.rows('select name, attempt, jsonb_array_length(args) as n from tool_call where run_id = $1', [runId]),
    ).toEqual([{ name: 'task.create task.create', attempt: 1, n: 2 }]);
    expect(await rig.rows(`select actor, actor_for, run_id, call_id from change where call_id = 'add'`)).toEqual([
      { actor: AGENT_ID, actor_for: ada.id, run_id: runId, call_id: 'add' },
    ]);
    await server('run.end', { runId, attempt: 2, status: 'completed' });
  });

  test('two workers with one tool call at once: one effect', async () => {
    const runId = await ask();
    await server('run.claim', { runId });
    const tools = rig.gateways.map((gateway) =>
      gateway.commit({
        actor: agentOf(ada),
        commands: [{ name: 'task.create', args: { id: v7(), listId, title: 'once' } }],
        run: { runId, callId: 'once', attempt: 1 },
      }),
    );
    expect((await Promise.all(tools)).map(({ status }) => status).sort()).toEqual(['applied', 'duplicate']);
    expect(await rig.rows(`select 1 from task where title = 'once'`)).toHaveLength(1);
    await server('run.end', { runId, attempt: 1, status: 'completed' });
  });

  test('the agent has its asker’s rights, read in the tool’s own transaction', async () => {
    const bob = await rig.person();
    await ada.letIn(bob, listId, 'viewer');
    const byBob = { actor: agentOf(bob), commands: [{ name: 'task.create', args: { id: v7(), listId, title: 'x' } }] };
    expect(codeOf(await rig.first.commit(byBob))).toBe('forbidden');
    await ada.did('member.setRole', { listId, userId: bob.id, role: 'editor' });
    expect(codeOf(await rig.first.commit(byBob))).toBe('applied');
    await ada.did('member.remove', { listId, userId: bob.id });
    expect(
      codeOf(
        await rig.first.commit({
          ...byBob,
          commands: [{ name: 'task.create', args: { id: v7(), listId, title: 'x' } }],
        }),
      ),
    ).toBe('not_found');
  });

  test('stopping is a row first, from any editor’s window', async () => {
    const runId = await ask();
    await server('run.claim', { runId });
    const bob = await rig.person();
    await ada.letIn(bob, listId);
    const stop = await rig.first.commit({ ...bob.submission('run.stop', { runId }), trusted: true });
    expect(stop).toMatchObject({
      status: 'applied',
      seqs: {},
      results: [{ status: 'running' }],
      hints: [{ hint: 'stop', runId }],
    });
    expect(await rig.rows('select stop_requested_by from run where id = $1', [runId])).toEqual([
      { stop_requested_by: bob.id },
    ]);
    expect(codeOf(await server('run.end', { runId, attempt: 1, status: 'stopped' }))).toBe('applied');
  });
});

describe('a guest who signs up', () => {
  test('hands over memberships, threads, runs and clients; ids in the log keep their meaning', async () => {
    const guest = await rig.person(undefined, 'guest');
    const person = await rig.person();
    const shared = await ada.list('Shared');
    await ada.letIn(person, shared, 'viewer');
    const own = await guest.list('Guest’s own');
    await rig.pool.query(`insert into acl_grant (acl_id, subject, role) values ($1, $2, 'editor')`, [
      `list:${shared}`,
      guest.id,
    ]);
    await rig.pool.query(`insert into membership values ($1, $2, 'editor', 'a9', false, 0)`, [
      userScope(guest.id),
      shared,
    ]);
    const thread = await guest.thread();
    const message = v7();
    await guest.did('message.send', { id: message, threadId: thread, text: 'hi' });
    await guest.did('settings.update', { fields: { theme: 'dark' } });

    const merge = {
      actor: person.actor,
      commands: [{ name: 'guest.merge', args: { guestId: guest.id } }],
      trusted: true,
    };
    const outcome = await rig.first.commit(merge);
    expect(outcome.status).toBe('applied');
    expect(
      await rig.rows('select id, role from membership where scope_id = $1 order by id', [userScope(person.id)]),
    ).toEqual(
      [
        { id: own, role: 'owner' },
        { id: shared, role: 'editor' },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    expect(
      await rig.rows('select acl_id, role from acl_grant where subject = $1 and acl_id = any ($2)', [
        person.id,
        [`list:${own}`, `list:${shared}`],
      ]),
    ).toHaveLength(2);
    expect(await rig.rows(`select * from acl_grant where subject = $1 and acl_id like 'list:%'`, [guest.id])).toEqual(
      [],
    );
    expect(await rig.rows('select gone, gone_to from scope where id = $1', [userScope(guest.id)])).toEqual([
      { gone: 'moved', gone_to: userScope(person.id) },
    ]);
    expect(await rig.rows('select acl_id from scope where id = $1', [threadScope(thread)])).toEqual([
      { acl_id: userScope(person.id) },
    ]);
    expect(await rig.rows('select asker_id from run where id = $1', [runIdOf(message)])).toEqual([
      { asker_id: person.id },
    ]);
    expect(await rig.rows('select theme from settings where id = $1', [person.id])).toEqual([{ theme: 'dark' }]);

    // The guest's pending work passes over under its own clientId, whoever signs it and whichever gateway takes it.
    const gateways = [rig.first, rig.addGateway()];
    for (const gateway of gateways) {
      const more = await guest.did('message.send', { id: v7(), threadId: thread, text: 'still me' }, { gateway });
      expect(Object.keys(more.seqs)).toEqual([threadScope(thread)]);
    }
    const asPerson = {
      ...person.submission('task.create', { id: v7(), listId: own, title: 'as a person' }),
      client: { clientId: guest.clientId, mid: guest.mid + 1, nonce: 'nonce-x' },
    };
    expect(codeOf(await rig.first.commit(asPerson))).toBe('applied');
    expect(
      await rig.rows('select distinct actor from change where scope_id = $1 and seq > 1', [threadScope(thread)]),
    ).toEqual([{ actor: person.id }]);
    // So does what a page of the guest's sends that has not heard of it, under a clientId that nobody knows.
    guest.clientId = v7();
    guest.mid = 0;
    await guest.did('task.create', { id: v7(), listId: own, title: 'a late tab' });
    await guest.did('task.create', { id: v7(), listId: own, title: 'and more' }, { gateway: gateways[1] as Gateway });
    const late = await rig.first.commit(guest.submission('task.create', { id: v7(), listId: own, title: 'by HTTP' }));
    expect(codeOf(late)).toBe('applied');
    expect(
      await rig.rows('select distinct actor from change where scope_id = $1 and seq > 1', [`list:${own}`]),
    ).toContainEqual({
      actor: person.id,
    });
    // Doing it again changes nothing.
    expect(await rig.first.commit(merge)).toMatchObject({ status: 'applied', seqs: {} });
  });
});
