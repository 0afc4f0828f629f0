import type { Model } from '@openai/agents';
import { createLogger } from '@muster/runtime/logger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeProvider, WORDS, type FakeProvider, type Scenario } from '../../../test/fake-provider.ts';
import type { Api } from '../../../test/fake-provider-wire.ts';
import { createHands, gate } from '../../../test/hands.ts';
import { viewedTexts } from '../../../test/viewer.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { executeRun } from '../../run/execute-run.ts';
import type { RunOutcome } from '../../run/run-outcome.ts';
import type { PatienceOptions } from '../model-stream.ts';
import { chooseModel, DEFAULT_MODEL } from './provider.ts';

/** The real HTTP client, from the run down to the socket, against a provider that can do what real ones do. */
let world: World;
let provider: FakeProvider;
let threadId: string;
let logged = '';
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  provider = await startFakeProvider();
  logged = '';
  threadId = await world.newThread();
  return () => provider.close();
});

async function ask(
  scenario: Scenario,
  api: Api,
  patience: PatienceOptions = {},
): Promise<{ runId: string; outcome: RunOutcome; shown: string[] }> {
  const { model, name } = await chooseModel({
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: provider.url,
    OPENAI_API: api,
    AGENT_MODEL: scenario,
    ASSISTANT_WORDS_PER_SECOND: 40,
  });
  const hands = createHands(world, { model });
  hands.deps.chooseModel = () => ({ model, name });
  hands.deps.patience = { ...hands.deps.patience, ...patience };
  hands.deps.logger = createLogger({
    name: 'test',
    level: 'debug',
    destination: { write: (line) => void (logged += line) },
  });
  const runId = await world.ask('please', { threadId });
  const outcome = await executeRun(hands.deps, runId);
  const shown = [...viewedTexts(await world.stream(runId)).values()];
  return { runId, outcome, shown };
}

const texts = async (runId: string): Promise<(string | null)[]> =>
  (await world.items(runId)).filter((item) => item.kind === 'message').map((item) => item.text);
const results = async (runId: string): Promise<unknown[]> =>
  (await world.items(runId))
    .filter((item) => item.kind === 'tool_result')
    .map((item) => JSON.parse((item.body as { text: string }).text) as unknown);

describe.each<Api>(['responses', 'chat_completions'])('over %s', (api) => {
  it('streams an answer', async () => {
    const { runId, outcome, shown } = await ask('says', api);
    expect(outcome).toBe('completed');
    expect(shown).toEqual([WORDS]);
    expect(await texts(runId)).toEqual([WORDS]);
    expect(await world.run(runId)).toMatchObject({
      model: 'says',
      usage: { requests: 1, inputTokens: 7, outputTokens: 5 },
    });
    const [request] = provider.requests;
    expect(request).toMatchObject({ api, key: 'Bearer sk-test', body: { model: 'says', stream: true } });
    const tools = request?.body['tools'] as { strict?: boolean; function?: { strict: boolean } }[];
    expect(tools).toHaveLength(7);
    expect(tools.every((tool) => (tool.strict ?? tool.function?.strict) === true)).toBe(true);
  });

  it('does what the model asks for', async () => {
    const { runId, outcome } = await ask('adds-a-task', api);
    expect(outcome).toBe('completed');
    expect(await world.titles()).toContain('From the provider');
    expect(await texts(runId)).toEqual(['Added.']);
  });

  it('tells calls apart that carry the same id', async () => {
    const { runId, outcome } = await ask('numbers-anew', api);
    expect(outcome).toBe('completed');
    expect(await world.titles()).toEqual(expect.arrayContaining(['Number 1', 'Number 2']));
    const ids = (await world.items(runId)).filter((item) => item.kind === 'tool_call').map((item) => item.callId);
    expect(ids).toEqual(['call_0', 'call_0-2']);
  });

  it('keeps words and calls of one turn in their order', async () => {
    const { runId } = await ask('speaks-and-acts', api);
    expect((await world.items(runId)).map((item) => item.kind)).toEqual([
      'message',
      'tool_call',
      'tool_result',
      'message',
    ]);
  });

  it.each<[Scenario, string]>([
    ['invents-a-tool', 'not_found'],
    ['breaks-its-json', 'invalid'],
    ['wrong-arguments', 'invalid'],
  ])('answers a call that cannot be done: %s', async (scenario, code) => {
    const { runId, outcome } = await ask(scenario, api);
    expect(outcome).toBe('completed');
    expect(await results(runId)).toMatchObject([{ error: { code } }]);
    expect((await world.items(runId)).map((item) => item.state)).toEqual(['failed', 'failed', 'done']);
  });

  it.each<[Scenario, string, number]>([
    ['refuses-the-key', 'model_refused_key', 1],
    ['does-not-know-it', 'model_unknown', 1],
    ['quota-is-used-up', 'model_quota', 1],
    ['is-busy', 'model_busy', 3],
    ['breaks', 'model_unavailable', 3],
    ['is-empty', 'model_empty', 3],
  ])('ends in words: %s', async (scenario, code, requests) => {
    const { runId, outcome } = await ask(scenario, api);
    expect(outcome).toBe('failed');
    const run = await world.run(runId);
    expect(run.error?.code).toBe(code);
    // What the provider said stands neither in the run nor in a log, nor does what the person said.
    expect(logged).toContain('the model failed');
    expect(JSON.stringify(run) + logged).not.toMatch(/SECRET|please/);
    expect(provider.requests).toHaveLength(requests);
    const last = (await world.stream(runId)).at(-1);
    expect(last).toMatchObject({ k: 'status', d: { status: 'failed' } });
  });

  it.each<[Scenario]>([['is-busy-once'], ['breaks-once'], ['is-empty-once']])('asks again: %s', async (scenario) => {
    const { runId, outcome, shown } = await ask(scenario, api);
    expect(outcome).toBe('completed');
    expect(shown).toEqual([WORDS]);
    expect(await world.run(runId)).toMatchObject({ attempt: 1 });
    expect(provider.requests).toHaveLength(2);
  });

  it.each<[Scenario]>([['hangs-up-once'], ['is-cut-once']])(
    'throws half an answer away and asks again: %s',
    async (scenario) => {
      const { runId, outcome, shown } = await ask(scenario, api);
      expect(outcome).toBe('completed');
      expect(shown).toEqual([WORDS]);
      expect(await texts(runId)).toEqual([WORDS]);
      expect(await world.run(runId)).toMatchObject({ attempt: 2 });
    },
  );

  it('keeps what was said where it hangs up each time, and says so', async () => {
    const { runId, outcome } = await ask('hangs-up', api);
    expect(outcome).toBe('failed');
    expect((await world.run(runId)).error?.code).toBe('model_unavailable');
    const [item] = await world.items(runId);
    expect(item).toMatchObject({ kind: 'message', state: 'failed' });
    expect(WORDS.startsWith(item?.text ?? '-')).toBe(true);
  });

  it('gives up on one that says nothing', async () => {
    const { runId, outcome } = await ask('says-nothing', api, { silentAfterMs: 60 });
    expect(outcome).toBe('failed');
    expect((await world.run(runId)).error?.code).toBe('model_unavailable');
    // And does not leave its connections open.
    await Promise.all(provider.requests.map((request) => request.closed));
  });

  it('stops in the middle of the words, keeps them, and hangs up', async () => {
    const asked = ask('falls-silent', api);
    await expect.poll(() => provider.requests.length).toBe(1);
    const { rows } = await world.pool.query<{ id: string }>(`select id from run where scope_id = $1`, [
      `thread:${threadId}`,
    ]);
    const runId = rows[0]?.id ?? '';
    await expect
      .poll(async () => (await world.stream(runId)).filter((entry) => entry.k === 'text').length)
      .toBeGreaterThan(0);
    await world.commit({
      actor: { id: world.grace, kind: 'person' },
      commands: [{ name: 'run.stop', args: { runId } }],
      trusted: true,
    });
    // Nobody pokes: it is found by looking, at the next beat of the attempt.
    const { outcome } = await asked;
    expect(outcome).toBe('stopped');
    await provider.requests[0]?.closed;
    const [item] = await world.items(runId);
    expect(item?.state).toBe('done');
    expect(WORDS.startsWith(item?.text ?? '-')).toBe(true);
  });
});

it('takes an answer without a finish reason once the server has shown that it never sends one', async () => {
  const { outcome, shown } = await ask('never-finishes', 'chat_completions');
  expect(outcome).toBe('completed');
  expect(shown).toEqual([WORDS]);
});

it('throws half an answer away for each of several runs at once, of a server that has told nothing yet', async () => {
  const chosen = await chooseModel({
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: provider.url,
    OPENAI_API: 'chat_completions',
    AGENT_MODEL: 'is-cut-twice',
    ASSISTANT_WORDS_PER_SECOND: 40,
  });
  // Both ask before either is answered: neither can know from the other.
  let asked = 0;
  const both = gate();
  const model: Model = {
    getResponse: () => Promise.reject(new Error('runs are streamed')),
    async *getStreamedResponse(request) {
      asked += 1;
      if (asked === 2) both.open();
      await both.pass();
      yield* chosen.model.getStreamedResponse(request);
    },
  };
  const runs = await Promise.all([1, 2].map(async () => world.ask('please', { threadId: await world.newThread() })));
  const outcomes = await Promise.all(runs.map((runId) => executeRun(createHands(world, { model }).deps, runId)));
  expect(outcomes).toEqual(['completed', 'completed']);
  expect(await Promise.all(runs.map(texts))).toEqual([[WORDS], [WORDS]]);
});

it('names the model always, and needs no key for a server of one’s own', async () => {
  const base = {
    OPENAI_API: undefined,
    AGENT_MODEL: undefined,
    OPENAI_BASE_URL: undefined,
    OPENAI_API_KEY: undefined,
    ASSISTANT_WORDS_PER_SECOND: 40,
  };
  expect((await chooseModel(base)).name).toBe('built-in');
  expect((await chooseModel({ ...base, OPENAI_API_KEY: 'sk-test' })).name).toBe(DEFAULT_MODEL);
  expect((await chooseModel({ ...base, OPENAI_BASE_URL: provider.url, AGENT_MODEL: 'says' })).name).toBe('says');
});
