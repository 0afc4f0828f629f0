import { AGENT_ID } from '@muster/protocol/principal';
import { functionCall, modelStream } from '@openai/agents/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adding, call, createHands, done, gate, READ_ALL, reading, say, script } from '../../test/hands.ts';
import { viewedTexts } from '../../test/viewer.ts';
import { createWorld, type World } from '../../test/world.ts';
import { MAX_TURNS } from '../agent/agent.ts';
import { executeRun } from './execute-run.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

let threadId: string;
beforeEach(async () => {
  threadId = await world.newThread();
});

describe('a run', () => {
  it('streams exactly what it stores, and adds the tasks', async () => {
    const text = 'Ich habe zwei Dinge notiert: 👋🏽 Pässe und 東京-Karten.';
    const model = script(call(['add_tasks', adding('Passports', 'Maps'), 'c1']), say(text));
    const hands = createHands(world, { model });
    const runId = await world.ask('note passports and maps', { threadId });
    expect(await executeRun(hands.deps, runId)).toBe('completed');
    model.assertComplete();

    expect(await world.titles()).toEqual(expect.arrayContaining(['Passports', 'Maps']));
    const items = await world.items(runId);
    expect(items.map((item) => [item.n, item.kind, item.state])).toEqual([
      [0, 'tool_call', 'done'],
      [1, 'tool_result', 'done'],
      [2, 'message', 'done'],
    ]);
    expect(items[2]?.text).toBe(text);
    const entries = await world.stream(runId);
    expect(viewedTexts(entries)).toEqual(new Map([[`${runId}:2`, text]]));
    expect(entries.map((entry) => entry.n)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.at(-1)).toMatchObject({ k: 'status', d: { status: 'completed' } });
    expect(await world.run(runId)).toMatchObject({ status: 'completed', attempt: 1, error: null, model: 'scripted' });
  });

  it('gives the model what it asks for, and what was said and done before', async () => {
    const model = script(call(['list_tasks', READ_ALL, 'c1']), say('There they are.'), say('Again.'));
    const hands = createHands(world, { model });
    const first = await world.ask('what is there?', { threadId });
    await executeRun(hands.deps, first);
    const second = await world.ask('and now?', { threadId, asker: world.grace });
    await executeRun(hands.deps, second);
    const input = model.lastCall?.request.input as { type?: string; role?: string; content?: unknown }[];
    expect(input.map((item) => item.type ?? item.role)).toEqual([
      'user',
      'function_call',
      'function_call_result',
      'message',
      'user',
    ]);
    // Grace asks: what Ada said carries her name.
    expect(input[0]?.content).toBe('Ada Lovelace says: what is there?');
    expect(input[4]?.content).toBe('and now?');
  });
});

describe('whose turn it is', () => {
  it('two workers, one thread: one works, the other ends at once', async () => {
    const middle = gate();
    const slow = script(
      modelStream(
        (async function* () {
          await middle.pass();
          yield done('First.');
        })(),
      ),
    );
    const [one, two] = [createHands(world, { model: slow }), createHands(world, { model: script(say('Second.')) })];
    const first = await world.ask('one', { threadId });
    const second = await world.ask('two', { threadId });
    const running = executeRun(one.deps, first);
    await middle.reached;
    expect(await executeRun(two.deps, first)).toBe('busy');
    expect(await executeRun(two.deps, second)).toBe('busy');
    middle.open();
    expect(await running).toBe('completed');
    // Its end queues the next of the thread.
    expect(one.queued).toEqual([{ runId: second, attempt: 0 }]);
    expect(await executeRun(two.deps, second)).toBe('completed');
  });

  it('two workers claim at the same moment: one of them gets it', async () => {
    const runId = await world.ask('one', { threadId });
    const hands = [1, 2].map(() => createHands(world, { model: script(say('Mine.')) }));
    const outcomes = await Promise.all(hands.map(({ deps }) => executeRun(deps, runId)));
    // The other came while it was worked on, or when it was over.
    expect(outcomes.filter((outcome) => outcome === 'completed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'busy' || outcome === 'ended')).toHaveLength(1);
    expect(await world.run(runId)).toMatchObject({ status: 'completed', attempt: 1 });
    expect((await world.items(runId)).map((item) => item.text)).toEqual(['Mine.']);
  });

  it('runs of a thread keep their order, whichever job comes first', async () => {
    const runs = [
      await world.ask('1', { threadId }),
      await world.ask('2', { threadId }),
      await world.ask('3', { threadId }),
    ];
    const hands = createHands(world, { model: script(say('1.'), say('2.'), say('3.')) });
    const order: string[] = [];
    let next: string | undefined = runs[2];
    while (next !== undefined) {
      const outcome = await executeRun(hands.deps, next);
      if (outcome === 'completed') order.push(next);
      else expect(outcome).toBe('busy');
      next = hands.queued.shift()?.runId;
    }
    expect(order).toEqual(runs);
  });

  it('a job that is late or repeated finds nothing to do', async () => {
    const hands = createHands(world, { model: script(say('Once.')) });
    const runId = await world.ask('one', { threadId });
    expect(await executeRun(hands.deps, runId)).toBe('completed');
    expect(await executeRun(hands.deps, runId)).toBe('ended');
    expect(await executeRun(hands.deps, '00000000-0000-4000-8000-000000000001')).toBe('absent');
  });
});

describe('rights', () => {
  const revoke = () =>
    world.pool.query(`delete from acl_grant where acl_id = $1 and subject = $2`, [`list:${world.listId}`, world.grace]);
  const grant = () =>
    world.pool.query(`insert into acl_grant (acl_id, subject, role) values ($1, $2, 'editor') on conflict do nothing`, [
      `list:${world.listId}`,
      world.grace,
    ]);

  it('lost in the middle of a run: the next tool call finds nothing and changes nothing', async () => {
    await grant();
    const model = script(
      call(['add_tasks', adding('By Grace'), 'c1'], ['list_tasks', READ_ALL, 'c2']),
      say('I can do nothing here.'),
    );
    const hands = createHands(world, {
      model,
      // In the last moment: between the tool's look at the list and its commit.
      aroundCommit: async (when, { run }) => {
        if (when === 'before' && run?.callId === 'c1') await revoke();
      },
    });
    const runId = await world.ask('add something', { threadId, asker: world.grace });
    expect(await executeRun(hands.deps, runId)).toBe('completed');
    await grant();
    expect(await world.titles()).not.toContain('By Grace');
    const results = (await world.items(runId)).filter((item) => item.kind === 'tool_result');
    expect(results.map((item) => JSON.parse((item.body as { text: string }).text) as unknown)).toMatchObject([
      { error: { code: 'not_found' } },
      { error: { code: 'not_found' } },
    ]);
  });

  it('lost before it began: it ends in words', async () => {
    await grant();
    const runId = await world.ask('add something', { threadId, asker: world.grace });
    await revoke();
    const hands = createHands(world, { model: script() });
    expect(await executeRun(hands.deps, runId)).toBe('failed');
    await grant();
    expect(await world.run(runId)).toMatchObject({ status: 'failed', error: { code: 'forbidden' } });
  });

  it("in a list's thread the tools see that list alone, in a person's own thread each of theirs", async () => {
    const secret = randomUUID();
    await world.act(world.ada, 'list.create', { id: secret, title: 'Salaries' });
    const asked = call(['list_tasks', { ...READ_ALL, list: 'Salaries' }, 'c1']);
    const shared = createHands(world, { model: script(asked, say('No.')) });
    const first = await world.ask('what do I earn?', { threadId });
    await executeRun(shared.deps, first);
    const textOf = async (runId: string) => ((await world.items(runId))[1]?.body as { text: string }).text;
    expect(JSON.parse(await textOf(first))).toMatchObject({ error: { code: 'forbidden' } });

    const own = createHands(world, { model: script(asked, say('Yes.')) });
    const second = await world.ask('what do I earn?', { threadId: await world.newThread({}) });
    await executeRun(own.deps, second);
    expect(JSON.parse(await textOf(second))).toMatchObject({ list: { id: secret, title: 'Salaries' } });
  });
});

describe('tools', () => {
  it('do not overwrite what somebody changed after the model read it', async () => {
    const id = await world.addTask('Draft');
    const keep = {
      notes: null,
      due: null,
      priority: null,
      addLabels: null,
      removeLabels: null,
      addAssignees: null,
      removeAssignees: null,
    };
    const rename = (title: string, callId: string) =>
      call(['update_task', { list: null, tasks: [{ id, title, ...keep }] }, callId]);
    const model = script(
      call(['list_tasks', READ_ALL, 'c1']),
      rename('By the agent', 'c2'),
      call(['list_tasks', READ_ALL, 'c3']),
      rename('By the agent, knowingly', 'c4'),
      rename('By the agent, again', 'c5'),
      say('Done.'),
    );
    const hands = createHands(world, {
      model,
      aroundCommit: async (when, { run }) => {
        if (when === 'after' && run?.callId === 'c1')
          await world.act(world.grace, 'task.update', { id, fields: { title: 'By Grace' } });
      },
    });
    const runId = await world.ask('rename it', { threadId });
    expect(await executeRun(hands.deps, runId)).toBe('completed');
    const results = (await world.items(runId)).filter((item) => item.kind === 'tool_result');
    const codes = results.map(
      (item) => (JSON.parse((item.body as { text: string }).text) as { error?: { code: string } }).error?.code,
    );
    expect(codes).toEqual([undefined, 'conflict', undefined, undefined, undefined]);
    expect(await world.titles()).toContain('By the agent, again');
  });

  it('change nothing at all where one of their commands is refused', async () => {
    const id = await world.addTask('Stays');
    const model = script(
      call(['delete_task', { list: null, ids: [id, '00000000-0000-4000-8000-000000000009'] }, 'c1']),
      say('One is missing.'),
    );
    const runId = await world.ask('delete both', { threadId });
    expect(await executeRun(createHands(world, { model }).deps, runId)).toBe('completed');
    expect(await world.titles()).toContain('Stays');
  });

  it('leave a trace of who asked: actor, run and call in the change', async () => {
    const model = script(call(['add_tasks', adding('Traced'), 'c1']), say('Done.'));
    const runId = await world.ask('add', { threadId });
    await executeRun(createHands(world, { model }).deps, runId);
    const { rows } = await world.pool.query(
      'select actor, actor_for, run_id, call_id from change where scope_id = $1 order by seq desc limit 1',
      [`list:${world.listId}`],
    );
    expect(rows[0]).toEqual({ actor: AGENT_ID, actor_for: world.ada, run_id: runId, call_id: 'c1' });
    const calls = await world.pool.query('select call_id from tool_call where run_id = $1', [runId]);
    expect(calls.rows).toEqual([{ call_id: 'c1' }]);
  });

  it('run in circles for so long and not longer', async () => {
    const model = reading(() => [functionCall('list_tasks', READ_ALL, { callId: 'again' })]);
    const runId = await world.ask('loop', { threadId });
    expect(await executeRun(createHands(world, { model }).deps, runId)).toBe('completed');
    expect(model.asked).toBe(MAX_TURNS);
    expect((await world.items(runId)).at(-1)?.text).toContain(`${MAX_TURNS} steps`);
  });
});

describe('handing back', () => {
  it('a process that goes gives its runs to another, which goes on', async () => {
    const middle = gate();
    const model = script(
      call(['add_tasks', adding('Kept'), 'c1']),
      modelStream(
        (async function* () {
          yield { type: 'output_text_delta', delta: 'Half' } as const;
          await middle.pass();
          yield done('Half a sentence');
        })(),
      ),
    );
    const first = createHands(world, { model });
    const runId = await world.ask('add', { threadId });
    const running = executeRun(first.deps, runId);
    await middle.reached;
    first.active.interruptAll();
    expect(await running).toBe('requeued');
    middle.open();
    await first.active.whenIdle();
    expect(await world.run(runId)).toMatchObject({ status: 'queued', attempt: 1 });
    expect(first.queued).toEqual([{ runId, attempt: 1 }]);

    const second = createHands(world, { model: script(say('Whole.')) });
    expect(await executeRun(second.deps, runId)).toBe('completed');
    expect((await world.titles()).filter((title) => title === 'Kept')).toHaveLength(1);
    expect((await world.items(runId)).map((item) => item.text)).toEqual([null, null, 'Whole.']);
    expect(viewedTexts(await world.stream(runId)).get(`${runId}:2`)).toBe('Whole.');
  });

  it('however often, it is no attempt that broke off', async () => {
    const runId = await world.ask('speak', { threadId });
    for (let redeploys = 0; redeploys < 9; redeploys++) {
      const going = createHands(world, { model: script() });
      going.active.interruptAll();
      expect(await executeRun(going.deps, runId)).toBe('requeued');
    }
    expect(await executeRun(createHands(world, { model: script(say('At last.')) }).deps, runId)).toBe('completed');
    expect(await world.run(runId)).toMatchObject({ attempt: 10 });
  });
});
