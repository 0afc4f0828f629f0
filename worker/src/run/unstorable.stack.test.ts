import type { StreamEvent } from '@openai/agents';
import { assistantMessage, functionCall, modelStream } from '@openai/agents/testing';
import { MusterError } from '@muster/protocol/error';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { adding, createHands, done, gate, resultsIn, reading, script } from '../../test/hands.ts';
import { viewedTexts } from '../../test/viewer.ts';
import { createWorld, type World } from '../../test/world.ts';
import { executeRun, type ExecuteDeps } from './execute-run.ts';

/** What a model sends may hold what Postgres cannot: a NUL, half a surrogate pair. It must not break the run. */
let world: World;
let threadId: string;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  threadId = await world.newThread();
});

const HALF = '\ud83d';
const delta = (text: string): StreamEvent => ({ type: 'output_text_delta', delta: text });

it('words and arguments are stored with a mark in its place, and streamed just so', async () => {
  const model = reading((input) =>
    resultsIn(input) === 0
      ? [
          functionCall('add_tasks', adding(`Milk\0 and ${HALF} eggs`), { callId: `c\0${HALF}` }),
          functionCall(`no\0tool`, { [`k\0`]: HALF }, { callId: 'c2' }),
        ]
      : [assistantMessage(`It is\0 done ${HALF} now 👋`)],
  );
  const runId = await world.ask('add', { threadId });
  expect(await executeRun(createHands(world, { model }).deps, runId)).toBe('completed');
  expect(model.asked).toBe(2);
  expect(await world.run(runId)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(await world.titles()).toContain('Milk\ufffd and \ufffd eggs');
  const items = await world.items(runId);
  expect(items.map(({ kind, callId, state }) => [kind, callId, state])).toEqual([
    ['tool_call', 'c\ufffd\ufffd', 'done'],
    ['tool_call', 'c2', 'failed'],
    ['tool_result', 'c\ufffd\ufffd', 'done'],
    ['tool_result', 'c2', 'failed'],
    ['message', null, 'done'],
  ]);
  expect(items[1]?.body).toMatchObject({ name: 'no\ufffdtool', args: { 'k\ufffd': '\ufffd' } });
  const text = 'It is\ufffd done \ufffd now 👋';
  expect(items[4]?.text).toBe(text);
  expect(viewedTexts(await world.stream(runId)).get(`${runId}:4`)).toBe(text);
});

it('a pair whose halves come one by one, the second only with the whole answer, stays a pair', async () => {
  const [high, low] = '👋'.split('') as [string, string];
  const model = script(
    modelStream(
      (async function* () {
        await Promise.resolve();
        yield delta(`Hello\0 ${high}`);
        yield done(`Hello\0 ${high}${low}!`);
      })(),
    ),
  );
  const runId = await world.ask('greet', { threadId });
  expect(await executeRun(createHands(world, { model }).deps, runId)).toBe('completed');
  expect((await world.items(runId))[0]?.text).toBe('Hello\ufffd 👋!');
  expect(viewedTexts(await world.stream(runId)).get(`${runId}:0`)).toBe('Hello\ufffd 👋!');
});

/** Says this, then waits until somebody has said stop. */
async function stopAfter(said: string, deps?: (own: ExecuteDeps) => void) {
  const middle = gate();
  const model = script(
    modelStream(
      (async function* () {
        yield delta(said);
        await middle.pass();
      })(),
    ),
  );
  const hands = createHands(world, { model });
  deps?.(hands.deps);
  const runId = await world.ask('speak', { threadId: await world.newThread() });
  const running = executeRun(hands.deps, runId);
  await middle.reached;
  await expect.poll(async () => viewedTexts(await world.stream(runId)).size).toBe(1);
  await world.commit({
    actor: { id: world.grace, kind: 'person' },
    commands: [{ name: 'run.stop', args: { runId } }],
    trusted: true,
  });
  hands.active.poke(runId);
  const outcome = await running;
  return { runId, outcome };
}

it('stopped in the middle of a pair, what was seen is kept', async () => {
  const { runId, outcome } = await stopAfter(`Half\0 of ${HALF}`);
  expect(outcome).toBe('stopped');
  expect(await world.run(runId)).toMatchObject({ status: 'stopped' });
  expect((await world.items(runId)).map(({ text }) => text)).toEqual(['Half\ufffd of ']);
  expect(viewedTexts(await world.stream(runId)).get(`${runId}:0`)).toBe('Half\ufffd of ');
});

/** Whatever else it may be that the database does not take. */
const refusing =
  (code: 'invalid' | 'conflict', isRefused: (names: string[]) => boolean) =>
  (deps: ExecuteDeps): void => {
    const { commit } = deps;
    deps.commit = Object.assign(
      (submission: Parameters<typeof commit>[0]) =>
        isRefused(submission.commands.map(({ name }) => name))
          ? Promise.resolve({ status: 'rejected' as const, error: new MusterError(code, 'No.') })
          : commit(submission),
      { close: () => Promise.resolve() },
    );
  };

it('what cannot be stored at all does not keep the run from ending', async () => {
  const { runId, outcome } = await stopAfter(
    'Some words',
    refusing('invalid', (names) => names.includes('run.item')),
  );
  expect(outcome).toBe('stopped');
  expect(await world.run(runId)).toMatchObject({ status: 'stopped' });
  expect(await world.items(runId)).toEqual([]);
  expect((await world.stream(runId)).at(-1)).toMatchObject({ k: 'status', d: { status: 'stopped' } });
});

it('an end that is refused for good is not taken for another attempt’s run', async () => {
  await expect(
    stopAfter(
      'Some words',
      refusing('invalid', (names) => names.includes('run.end')),
    ),
  ).rejects.toMatchObject({ code: 'invalid' });
  const moved = await stopAfter(
    'Some words',
    refusing('conflict', (names) => names.includes('run.end')),
  );
  expect(moved.outcome).toBe('superseded');
});
