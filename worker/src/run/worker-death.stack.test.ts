import { assistantMessage, functionCall, modelStream } from '@openai/agents/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adding, createHands, done, gate, reading, resultsIn, say, script, type Hands } from '../../test/hands.ts';
import { viewedTexts } from '../../test/viewer.ts';
import { createWorld, type World } from '../../test/world.ts';
import { executeRun } from './execute-run.ts';
import { sweepJob } from '../jobs/sweep.job.ts';

/**
 * A worker dies between every two steps of a run, and another goes on. Dying and freezing look the same from outside:
 * nothing leaves any more. So each case ends with the frozen worker's coming back, as a zombie.
 */
let world: World;
let threadId: string;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  threadId = await world.newThread();
});

const FINAL = 'Both are on the list now.';
const model = (mark: string) =>
  reading((input) =>
    resultsIn(input) === 0
      ? [
          assistantMessage('I will add them.'),
          functionCall('add_tasks', adding(`Tent ${mark}`, `Stove ${mark}`), { callId: `c-${mark}` }),
        ]
      : [assistantMessage(FINAL)],
  );

/** Commits of a run, in order: what a worker may die before or after. */
const STEPS = [
  'the claim',
  'words and calls of the first turn',
  'the effect and its result',
  'the last words',
  'the end',
];

const letItFallSilent = (runId: string) =>
  world.pool.query('update run_work set heartbeat_at = heartbeat_at - 60000 where run_id = $1', [runId]);

async function snapshot(runId: string) {
  return {
    run: await world.run(runId),
    items: await world.items(runId),
    titles: await world.titles(),
    stream: await world.stream(runId),
  };
}

describe.each(STEPS.flatMap((step, index) => [['before', step, index] as const, ['after', step, index] as const]))(
  'a worker dies %s %s',
  (when, step, index) => {
    it('everything happens once, and the words are exact', async () => {
      const mark = `${when}-${index}`;
      let commits = 0;
      const first: Hands = createHands(world, {
        model: model(mark),
        aroundCommit: (now, _submission, hands) => {
          if (now === when && commits === index) hands.freeze();
          if (now === 'after') commits += 1;
        },
      });
      const runId = await world.ask('take tent and stove', { threadId });
      const frozen = executeRun(first.deps, runId);
      await expect.poll(() => first.isFrozen).toBe(true);
      // What had left already, arrives.
      await expect.poll(async () => JSON.stringify(await snapshot(runId))).toBe(JSON.stringify(await snapshot(runId)));

      await letItFallSilent(runId);
      const second = createHands(world, { model: model(mark) });
      await sweepJob({ ...second.deps, silentAfterMs: 7_000, waitingAfterMs: 0 })({});
      if ((await world.run(runId)).status === 'queued') {
        expect(second.queued.map((job) => job.runId)).toContain(runId);
        expect(await executeRun(second.deps, runId)).toBe('completed');
      }

      const titles = (await world.titles()).filter((title) => title.endsWith(mark));
      expect(titles).toEqual([`Tent ${mark}`, `Stove ${mark}`]);
      const items = await world.items(runId);
      expect(items.map((item) => [item.kind, item.state])).toEqual([
        ['message', 'done'],
        ['tool_call', 'done'],
        ['tool_result', 'done'],
        ['message', 'done'],
      ]);
      expect(items.map((item) => item.text)).toEqual(['I will add them.', null, null, FINAL]);
      const stored = new Map(items.flatMap((item) => (item.text === null ? [] : [[item.id, item.text] as const])));
      for (const [id, text] of viewedTexts(await world.stream(runId)))
        expect(stored.get(id)?.startsWith(text)).toBe(true);

      // The zombie comes back: it was in the middle of something, and none of it may reach anybody.
      const before = await snapshot(runId);
      first.thaw();
      await frozen;
      const { stream, ...rows } = await snapshot(runId);
      expect({ ...rows, stream: stream.slice(0, before.stream.length) }).toEqual(before);
      // It had ended the run itself: that it says so late is no harm.
      const late = when === 'after' && step === 'the end' ? [{ status: 'completed' }] : [];
      expect(stream.slice(before.stream.length).map((entry) => entry.d)).toEqual(late);
      expect((await world.run(runId)).status).toBe('completed');
    });
  },
);

it('a worker freezes in the middle of its words: what it says afterwards is heard by nobody', async () => {
  const middle = gate();
  const old = script(
    modelStream(
      (async function* () {
        yield { type: 'output_text_delta', delta: 'Words of the first' } as const;
        await middle.pass();
        yield { type: 'output_text_delta', delta: ' worker' } as const;
        yield done('Words of the first worker');
      })(),
    ),
  );
  const first = createHands(world, { model: old });
  const runId = await world.ask('speak', { threadId });
  const frozen = executeRun(first.deps, runId);
  await middle.reached;
  await expect.poll(async () => (await world.stream(runId)).filter((entry) => entry.k === 'text').length).toBe(1);
  first.freeze();

  await letItFallSilent(runId);
  const second = createHands(world, { model: script(say('Words of the second.')) });
  expect(await executeRun(second.deps, runId)).toBe('completed');
  const before = await snapshot(runId);
  const rewound = before.stream.find((entry) => entry.k === 'status' && entry.a === 2);
  expect(rewound?.d).toEqual({ status: 'running', rewind: { itemId: `${runId}:0`, offset: 0 } });
  expect(viewedTexts(before.stream)).toEqual(new Map([[`${runId}:0`, 'Words of the second.']]));

  first.thaw();
  middle.open();
  expect(await frozen).toBe('superseded');
  expect(await snapshot(runId)).toEqual(before);
});

it('a run that kills its workers does not do so for ever', async () => {
  const runId = await world.ask('speak', { threadId });
  await world.pool.query('update run set attempt = 8 where id = $1', [runId]);
  const hands = createHands(world, { model: script() });
  expect(await executeRun(hands.deps, runId)).toBe('failed');
  expect(await world.run(runId)).toMatchObject({ status: 'failed', error: { code: 'internal' } });
});

it('a sweeper that looks in the moment of the claim lets the run be', async () => {
  const runId = await world.ask('speak', { threadId });
  const sweeper = createHands(world, { model: script() });
  const hands = createHands(world, {
    model: script(say('Undisturbed.')),
    aroundCommit: async (when, { commands }) => {
      if (when === 'after' && commands[0]?.name === 'run.claim') await sweepJob(sweeper.deps)({});
    },
  });
  expect(await executeRun(hands.deps, runId)).toBe('completed');
  expect(await world.run(runId)).toMatchObject({ attempt: 1 });
});
