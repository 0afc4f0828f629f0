import {
  assistantMessage,
  functionCall,
  modelResponder,
  modelStream,
  modelStreamResponder,
  type RecordedModelCall,
} from '@openai/agents/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { adding, call, createHands, done, gate, say, script } from '../../test/hands.ts';
import { viewedTexts } from '../../test/viewer.ts';
import { createWorld, type World } from '../../test/world.ts';
import { executeRun } from './execute-run.ts';

/** Any editor may stop a run, from any window: a row first, then a poke. */
let world: World;
let threadId: string;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  threadId = await world.newThread();
});

const stop = (runId: string) =>
  world.commit({
    actor: { id: world.grace, kind: 'person' },
    commands: [{ name: 'run.stop', args: { runId } }],
    trusted: true,
  });

it('before it began: no worker takes it up, and the next one comes', async () => {
  const hands = createHands(world, { model: script(say('Second.')) });
  const first = await world.ask('one', { threadId });
  const second = await world.ask('two', { threadId });
  await stop(first);
  expect(await executeRun(hands.deps, first)).toBe('ended');
  expect(hands.queued).toEqual([{ runId: second, attempt: 0 }]);
  expect(await world.run(first)).toMatchObject({ status: 'stopped', attempt: 0 });
  expect(await world.items(first)).toEqual([]);
  expect(await executeRun(hands.deps, second)).toBe('completed');
});

it('before the first word: the poke reaches the model call', async () => {
  const waiting = gate();
  let heard: AbortSignal | undefined;
  const model = script(
    modelStreamResponder(async function* ({ request }: RecordedModelCall) {
      heard = request.signal;
      await waiting.pass();
      yield done('Too late.');
    }),
  );
  const hands = createHands(world, { model });
  const runId = await world.ask('think long', { threadId });
  const running = executeRun(hands.deps, runId);
  await waiting.reached;
  await stop(runId);
  hands.active.poke(runId);
  expect(await running).toBe('stopped');
  expect(heard?.aborted).toBe(true);
  waiting.open();
  expect(await world.items(runId)).toEqual([]);
  expect(await world.run(runId)).toMatchObject({ status: 'stopped', error: null });
  expect((await world.stream(runId)).at(-1)).toMatchObject({ k: 'status', d: { status: 'stopped' } });
});

it('in the middle of its words: they are kept as far as they came', async () => {
  const middle = gate();
  const model = script(
    modelStream(
      (async function* () {
        yield { type: 'output_text_delta', delta: 'Half of' } as const;
        await middle.pass();
        yield { type: 'output_text_delta', delta: ' an answer' } as const;
        yield done('Half of an answer');
      })(),
    ),
  );
  const hands = createHands(world, { model });
  const runId = await world.ask('speak', { threadId });
  const running = executeRun(hands.deps, runId);
  await middle.reached;
  await expect.poll(async () => viewedTexts(await world.stream(runId)).get(`${runId}:0`)).toBe('Half of');
  await stop(runId);
  // Without a poke: whatever is said next has to pass the row.
  middle.open();
  expect(await running).toBe('stopped');
  const [item] = await world.items(runId);
  expect(item).toMatchObject({ kind: 'message', state: 'done' });
  expect(item?.text?.startsWith('Half of')).toBe(true);
  expect(viewedTexts(await world.stream(runId)).get(`${runId}:0`)).toBe('Half of');
});

it('before a tool call: nothing is done, and its card says so', async () => {
  const model = script(call(['add_tasks', adding('Never added'), 'c1']), say('not reached'));
  const hands = createHands(world, {
    model,
    aroundCommit: async (when, { commands }) => {
      const isOpenCall = commands.some(({ args }) => JSON.stringify(args).includes('"state":"open"'));
      if (when === 'after' && isOpenCall) await stop((commands[0]?.args as { runId: string }).runId);
    },
  });
  const runId = await world.ask('add', { threadId });
  expect(await executeRun(hands.deps, runId)).toBe('stopped');
  expect(await world.titles()).not.toContain('Never added');
  expect((await world.items(runId)).map((item) => [item.kind, item.state])).toEqual([
    ['tool_call', 'failed'],
    ['tool_result', 'failed'],
  ]);
});

it('after a tool call: what was done stays, and the next call is not begun', async () => {
  const calls = call(['add_tasks', adding('Was added'), 'c1'], ['add_tasks', adding('Came too late'), 'c2']);
  const hands = createHands(world, {
    model: script(calls),
    aroundCommit: async (when, { run }) => {
      if (when === 'after' && run?.callId === 'c1') await stop(run.runId);
    },
  });
  const runId = await world.ask('add two', { threadId });
  expect(await executeRun(hands.deps, runId)).toBe('stopped');
  expect(await world.titles()).toContain('Was added');
  expect(await world.titles()).not.toContain('Came too late');
  expect((await world.items(runId)).map((item) => [item.kind, item.callId, item.state])).toEqual([
    ['tool_call', 'c1', 'done'],
    ['tool_call', 'c2', 'failed'],
    ['tool_result', 'c1', 'done'],
    ['tool_result', 'c2', 'failed'],
  ]);
});

it('while a turn is being committed: what the commit brought is ended with the run', async () => {
  let heard: AbortSignal | undefined;
  const model = script(
    modelResponder(({ request }) => {
      heard = request.signal;
      return [assistantMessage('I begin.'), functionCall('add_tasks', adding('Not any more'), { callId: 'c1' })];
    }),
  );
  const hands = createHands(world, {
    model,
    aroundCommit: async (when, { commands }) => {
      const isTurn = commands.some(({ args }) => JSON.stringify(args).includes('"state":"open"'));
      if (when !== 'before' || !isTurn) return;
      const { runId } = commands[0]?.args as { runId: string };
      await stop(runId);
      hands.active.poke(runId);
      await expect.poll(() => heard?.aborted).toBe(true);
      // Were the SDK to let go of a turn that is being recorded, the end of the run would overtake it now.
      for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
    },
  });
  const runId = await world.ask('add', { threadId });
  expect(await executeRun(hands.deps, runId)).toBe('stopped');
  expect((await world.items(runId)).map((item) => [item.kind, item.state, item.text])).toEqual([
    ['message', 'done', 'I begin.'],
    ['tool_call', 'failed', null],
    ['tool_result', 'failed', null],
  ]);
  expect(await world.titles()).not.toContain('Not any more');
});

it('while an effect is being committed: it happened, and its result says so', async () => {
  let heard: AbortSignal | undefined;
  const model = script(
    modelResponder(({ request }) => {
      heard = request.signal;
      return [functionCall('add_tasks', adding('Just in time'), { callId: 'c1' })];
    }),
  );
  const hands = createHands(world, {
    model,
    aroundCommit: async (when, { run }) => {
      if (when !== 'before' || run?.callId === undefined) return;
      await stop(run.runId);
      hands.active.poke(run.runId);
      await expect.poll(() => heard?.aborted ?? true).toBe(true);
      for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
    },
  });
  const runId = await world.ask('add', { threadId });
  expect(await executeRun(hands.deps, runId)).toBe('stopped');
  expect(await world.titles()).toContain('Just in time');
  expect((await world.items(runId)).map((item) => [item.kind, item.state])).toEqual([
    ['tool_call', 'done'],
    ['tool_result', 'done'],
  ]);
});

it('a poke without a row stops nothing', async () => {
  const middle = gate();
  const model = script(
    modelStream(
      (async function* () {
        await middle.pass();
        yield done('Whole.');
      })(),
    ),
  );
  const hands = createHands(world, { model });
  const runId = await world.ask('speak', { threadId });
  const running = executeRun(hands.deps, runId);
  await middle.reached;
  hands.active.poke(runId);
  middle.open();
  expect(await running).toBe('completed');
});

it('a run that takes too long ends in words', async () => {
  const never = gate();
  const model = script(
    modelStream(
      (async function* () {
        yield { type: 'output_text_delta', delta: 'I begin' } as const;
        await never.pass();
      })(),
    ),
  );
  const hands = createHands(world, { model, deadlineMs: 1_000 });
  const runId = await world.ask('speak', { threadId });
  expect(await executeRun(hands.deps, runId)).toBe('failed');
  expect(await world.run(runId)).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
  expect((await world.items(runId)).map((item) => [item.text, item.state])).toEqual([['I begin', 'failed']]);
});
