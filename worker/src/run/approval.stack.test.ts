import type { Model } from '@openai/agents';
import { assistantMessage, functionCall } from '@openai/agents/testing';
import type { Item } from '@muster/protocol/run';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHands, reading, resultsIn, type HandsOptions } from '../../test/hands.ts';
import { createWorld, type World } from '../../test/world.ts';
import { executeRun } from './execute-run.ts';

/** Deleting many tasks at once waits for somebody to agree, without a worker. */
let world: World;
let threadId: string;
let ids: string[];
const TITLES = ['Tent', 'Stove', 'Rope', 'Lamp', 'Map', 'Cups'];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  threadId = await world.newThread();
  ids = await Promise.all(TITLES.map((title) => world.addTask(title)));
});

const deleting = (own: string[] = ids): Model =>
  reading((input) =>
    resultsIn(input) < 2
      ? [
          functionCall('delete_task', { list: null, ids: own }, { callId: 'c-delete' }),
          functionCall('list_tasks', READ, { callId: 'c-list' }),
        ]
      : [assistantMessage('That is that.')],
  );
const READ = { list: null, done: null, due: null, priority: null, label: null, assignee: null, parentId: null };
const work = (runId: string, more: Partial<HandsOptions> = {}) =>
  executeRun(createHands(world, { model: deleting(), ...more }).deps, runId);
const decide = (actor: string, runId: string, approve: boolean, callId = 'c-delete', remember?: boolean) =>
  world.commit({
    actor: { id: actor, kind: 'person' },
    commands: [{ name: 'run.decide', args: { runId, callId, approve, ...(remember ? { remember } : {}) } }],
    trusted: true,
  });
const left = async (): Promise<number> =>
  (await world.pool.query('select from task where id = any ($1) and deleted_at is null', [ids])).rowCount ?? 0;
const approvals = async (runId: string): Promise<Item[]> =>
  (await world.items(runId)).filter(({ kind }) => kind === 'approval');

it('asks before it deletes many, does the rest meanwhile, and goes on where somebody else agrees', async () => {
  const runId = await world.ask('clear it out', { threadId });
  expect(await work(runId)).toBe('awaiting_approval');
  expect(await world.run(runId)).toMatchObject({ status: 'awaiting_approval' });
  expect(await left()).toBe(6);
  expect(await approvals(runId)).toMatchObject([
    { callId: 'c-delete', state: 'open', body: { decision: null, by: null } },
  ]);
  const results = (await world.items(runId)).filter(({ kind }) => kind === 'tool_result');
  expect(results).toMatchObject([{ callId: 'c-list' }]);
  expect((await world.stream(runId)).at(-1)).toMatchObject({ k: 'status' });
  // A job that comes too early finds nothing to do.
  expect(await work(runId)).toBe('busy');

  const agreed = await decide(world.grace, runId, true);
  expect(agreed).toMatchObject({ status: 'applied', hints: [{ hint: 'run', runId, attempt: 1 }] });
  expect(await work(runId)).toBe('completed');
  expect(await left()).toBe(0);
  expect(await approvals(runId)).toMatchObject([{ state: 'done', body: { decision: 'approved', by: world.grace } }]);
});

it('the first answer counts; declined, nothing is deleted and the model is told', async () => {
  const runId = await world.ask('clear it out', { threadId });
  await work(runId);
  await decide(world.grace, runId, false);
  const late = await decide(world.ada, runId, true);
  expect(late).toMatchObject({ status: 'applied', results: [{ status: 'queued' }] });
  expect(await work(runId)).toBe('completed');
  expect(await left()).toBe(6);
  const result = (await world.items(runId)).find(({ kind, callId }) => kind === 'tool_result' && callId === 'c-delete');
  expect(result).toMatchObject({ state: 'failed', body: { text: expect.stringContaining('declined') } });
  expect(await approvals(runId)).toMatchObject([{ body: { decision: 'declined', by: world.grace } }]);
});

it('only who may change the list decides, and nobody decides what was not asked', async () => {
  const runId = await world.ask('clear it out', { threadId });
  await work(runId);
  expect(await decide('00000000-0000-4000-8000-0000000000ff', runId, true)).toMatchObject({ status: 'rejected' });
  await world.act(world.ada, 'member.setRole', { listId: world.listId, userId: world.grace, role: 'viewer' });
  expect(await decide(world.grace, runId, true)).toMatchObject({ status: 'rejected', error: { code: 'forbidden' } });
  await world.act(world.ada, 'member.setRole', { listId: world.listId, userId: world.grace, role: 'editor' });
  expect(await decide(world.ada, runId, true, 'c-list')).toMatchObject({ error: { code: 'not_found' } });
  expect(await world.run(runId)).toMatchObject({ status: 'awaiting_approval' });
  expect(await left()).toBe(6);
});

it.each(['before', 'after'] as const)(
  'a worker that dies %s asking, or before and after doing it, changes nothing',
  async (when) => {
    const runId = await world.ask('clear it out', { threadId });
    const own = ids;
    /** Dies around a commit of its own, and another goes on. */
    const dieAt = async (names: string[]) => {
      const hands = createHands(world, {
        model: deleting(own),
        aroundCommit: (at, { commands }, self) => {
          if (at === when && names.every((name) => commands.some((command) => command.name === name))) self.freeze();
        },
      });
      const zombie = executeRun(hands.deps, runId);
      await expect.poll(() => hands.isFrozen, { timeout: 10_000 }).toBe(true);
      await world.pool.query('update run_work set heartbeat_at = heartbeat_at - 60000 where run_id = $1', [runId]);
      return { zombie, hands };
    };
    const asking = await dieAt(['run.item', 'run.end']);
    if (when === 'before') expect(await work(runId)).toBe('awaiting_approval');
    expect(await approvals(runId)).toHaveLength(1);
    asking.hands.thaw();
    await asking.zombie;
    expect(await approvals(runId)).toHaveLength(1);
    expect(await left()).toBe(6);

    await decide(world.ada, runId, true);
    const doing = await dieAt(['task.delete']);
    const outcome = await work(runId);
    doing.hands.thaw();
    await doing.zombie;
    expect(outcome).toBe('completed');
    expect(await left()).toBe(0);
    const { rows } = await world.pool.query(
      `select count(*)::int as n from change c, jsonb_array_elements(c.effects) e where c.run_id = $1 and e ->> 'op' = 'del'`,
      [runId],
    );
    expect(rows).toEqual([{ n: 6 }]);
  },
);

it('can be stopped while it waits; few tasks are deleted unasked', async () => {
  const runId = await world.ask('clear it out', { threadId });
  await work(runId);
  await world.commit({
    actor: { id: world.ada, kind: 'person' },
    commands: [{ name: 'run.stop', args: { runId } }],
    trusted: true,
  });
  expect(await world.run(runId)).toMatchObject({ status: 'stopped' });
  expect(await decide(world.ada, runId, true)).toMatchObject({ results: [{ status: 'stopped' }] });
  expect(await left()).toBe(6);
  const few = await world.ask('just five', { threadId });
  expect(await work(few, { model: deleting(ids.slice(1)) })).toBe('completed');
  expect(await left()).toBe(1);
});

it.each([true, false])(
  'a decision (%s) that is to be remembered holds for the conversation, and no further',
  async (approve) => {
    const first = await world.ask('clear it out', { threadId });
    await work(first);
    await decide(world.grace, first, approve, 'c-delete', true);
    expect(await work(first)).toBe('completed');
    expect(await left()).toBe(approve ? 0 : 6);

    ids = await Promise.all(TITLES.map((title) => world.addTask(title)));
    const second = await world.ask('and these', { threadId });
    expect(await work(second)).toBe('completed');
    expect(await left()).toBe(approve ? 0 : 6);
    const decision = approve ? 'approved' : 'declined';
    expect(await approvals(second)).toMatchObject([
      { callId: 'c-delete', state: 'done', body: { decision, by: world.grace, remembered: true } },
    ]);

    ids = await Promise.all(TITLES.map((title) => world.addTask(title)));
    const elsewhere = await world.ask('and these', { threadId: await world.newThread() });
    expect(await work(elsewhere)).toBe('awaiting_approval');
    await decide(world.ada, elsewhere, false);
  },
);

it('whoever may not edit any more is not remembered', async () => {
  const first = await world.ask('clear it out', { threadId });
  await work(first);
  await decide(world.grace, first, true, 'c-delete', true);
  await work(first);
  ids = await Promise.all(TITLES.map((title) => world.addTask(title)));
  const role = (name: string) =>
    world.act(world.ada, 'member.setRole', { listId: world.listId, userId: world.grace, role: name });
  await role('viewer');
  const second = await world.ask('and these', { threadId });
  expect(await work(second)).toBe('awaiting_approval');
  expect(await left()).toBe(6);
  await role('editor');
});

it('what else of the tool waits in the run is decided along', async () => {
  const more = await Promise.all(TITLES.map((title) => world.addTask(title)));
  const model = reading((input) =>
    resultsIn(input) < 2
      ? [
          functionCall('delete_task', { list: null, ids }, { callId: 'c-delete' }),
          functionCall('delete_task', { list: null, ids: more }, { callId: 'c-more' }),
        ]
      : [assistantMessage('That is that.')],
  );
  const runId = await world.ask('clear it out', { threadId });
  expect(await work(runId, { model })).toBe('awaiting_approval');
  expect(await decide(world.ada, runId, true, 'c-delete', true)).toMatchObject({ results: [{ status: 'queued' }] });
  expect(await work(runId, { model })).toBe('completed');
  expect(await left()).toBe(0);
  expect(await approvals(runId)).toMatchObject([
    { body: { decision: 'approved' } },
    { body: { decision: 'approved' } },
  ]);
});

it('is asked as often as the model asks: only attempts that broke off are counted', async () => {
  const ROUNDS = 9;
  const model = reading((input) => {
    const n = resultsIn(input);
    return n < ROUNDS
      ? [functionCall('delete_task', { list: null, ids }, { callId: `c-${n}` })]
      : [assistantMessage('That is that.')];
  });
  const runId = await world.ask('clear it out', { threadId });
  for (let round = 0; round < ROUNDS; round++) {
    expect(await work(runId, { model })).toBe('awaiting_approval');
    await decide(world.ada, runId, round === ROUNDS - 1, `c-${round}`);
  }
  expect(await work(runId, { model })).toBe('completed');
  expect(await left()).toBe(0);
  // What viewers see grows all the same.
  expect(await world.run(runId)).toMatchObject({ attempt: ROUNDS + 1 });
});

it('that it was asked does not make up for attempts that broke off', async () => {
  const runId = await world.ask('clear it out', { threadId });
  await work(runId);
  await decide(world.ada, runId, true);
  await world.pool.query('update run set attempt = 9 where id = $1', [runId]);
  expect(await work(runId)).toBe('failed');
  expect(await left()).toBe(6);
});

it('a stop that comes while it asks ends it, and the next run has its turn', async () => {
  const runId = await world.ask('clear it out', { threadId });
  const stop = () =>
    world.commit({
      actor: { id: world.grace, kind: 'person' },
      commands: [{ name: 'run.stop', args: { runId } }],
      trusted: true,
    });
  const isAsking = (commands: { args: unknown }[]): boolean =>
    commands.some(({ args }) => (args as { status?: string }).status === 'awaiting_approval');
  const hands = createHands(world, {
    model: deleting(),
    aroundCommit: async (when, { commands }) => {
      if (when === 'before' && isAsking(commands)) await stop();
    },
  });
  expect(await executeRun(hands.deps, runId)).toBe('stopped');
  expect(await world.run(runId)).toMatchObject({ status: 'stopped' });
  expect((await world.stream(runId)).at(-1)).toMatchObject({ k: 'status', d: { status: 'stopped' } });
  expect(await decide(world.ada, runId, true)).toMatchObject({ results: [{ status: 'stopped' }] });
  expect(await left()).toBe(6);
  const { rows } = await world.pool.query('select stop_requested_by from run where id = $1', [runId]);
  expect(rows).toEqual([{ stop_requested_by: world.grace }]);
  const next = await world.ask('go on', { threadId });
  expect(await work(next)).toBe('awaiting_approval');
});

it('a decision that overtakes the stop finds nothing done', async () => {
  const runId = await world.ask('clear it out', { threadId });
  const hands = createHands(world, {
    model: deleting(),
    aroundCommit: async (when, { commands }) => {
      const [status] = commands.flatMap(({ name, args }) =>
        name === 'run.end' ? (args as { status: string }).status : [],
      );
      if (when === 'before' && status === 'awaiting_approval') {
        await world.pool.query('update run set stop_requested_by = $2 where id = $1', [runId, world.grace]);
      }
      if (when === 'before' && status === 'stopped') await decide(world.ada, runId, true);
    },
  });
  expect(await executeRun(hands.deps, runId)).toBe('superseded');
  expect(await world.run(runId)).toMatchObject({ status: 'queued' });
  expect(await work(runId)).toBe('stopped');
  expect(await left()).toBe(6);
});

it('asks only for what needs it: calls that cannot be done at all are answered meanwhile', async () => {
  const model = reading((input) =>
    resultsIn(input) < 3
      ? [
          functionCall('delete_task', { list: null, ids }, { callId: 'c-delete' }),
          functionCall('send_email', {}, { callId: 'c-unknown' }),
          functionCall('delete_task', '{"ids": [', { callId: 'c-broken' }),
        ]
      : [assistantMessage('That is that.')],
  );
  const runId = await world.ask('clear it out', { threadId });
  expect(await work(runId, { model })).toBe('awaiting_approval');
  expect((await approvals(runId)).map(({ callId }) => callId)).toEqual(['c-delete']);
  const results = async () => (await world.items(runId)).filter(({ kind }) => kind === 'tool_result');
  expect((await results()).map(({ callId, state }) => [callId, state])).toEqual([
    ['c-unknown', 'failed'],
    ['c-broken', 'failed'],
  ]);
  await decide(world.ada, runId, true);
  expect(await work(runId, { model })).toBe('completed');
  expect(model.asked).toBe(2);
  expect(await left()).toBe(0);
  expect((await results()).map(({ callId, state }) => [callId, state])).toEqual([
    ['c-unknown', 'failed'],
    ['c-broken', 'failed'],
    ['c-delete', 'done'],
  ]);
});
