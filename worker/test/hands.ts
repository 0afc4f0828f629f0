import type { Commit, Submission } from '@muster/db/commit/types';
import { ScriptedModel, assistantMessage, functionCall, type ScriptedModelInput } from '@openai/agents/testing';
import type { AgentInputItem, Model, ModelRequest, StreamEvent } from '@openai/agents';
import { createActiveRuns, type ActiveRuns } from '../src/run/active-runs.ts';
import type { ExecuteDeps } from '../src/run/execute-run.ts';
import { createGuardReader } from '../src/run/guard-reader.ts';
import type { World } from './world.ts';
import { quiet } from './world.ts';

type OutputItem = Extract<StreamEvent, { type: 'response_done' }>['response']['output'][number];

/** What one worker process has in its hands, without BullMQ around it, so that a test decides when it works. */
export interface Hands {
  deps: ExecuteDeps;
  active: ActiveRuns;
  /** Runs that were queued, in order. */
  queued: { runId: string; attempt: number }[];
  /** From now on nothing that this worker does reaches the world, and no answer reaches it: `kill -9`, or SIGSTOP. */
  freeze(): void;
  readonly isFrozen: boolean;
  thaw(): void;
}

export interface HandsOptions {
  model: Model;
  /** Called around every commit; what it does to `freeze` happens right there. */
  aroundCommit?: (when: 'before' | 'after', submission: Submission, hands: Hands) => void | Promise<void>;
  deadlineMs?: number;
}

export function createHands(world: World, { model, aroundCommit, deadlineMs = 30_000 }: HandsOptions): Hands {
  let frozen: Promise<void> | undefined;
  let melt: (() => void) | undefined;
  /** While it is frozen, a call does not leave; and an answer does not arrive. */
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    while (frozen) await frozen;
    const result = await work();
    while (frozen) await frozen;
    return result;
  };
  const commit: Commit = Object.assign(
    async (submission: Submission) => {
      await aroundCommit?.('before', submission, hands);
      return through(async () => {
        const outcome = await world.commit(submission);
        await aroundCommit?.('after', submission, hands);
        return outcome;
      });
    },
    { close: () => Promise.resolve() },
  );
  const frozenObject = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key) as unknown;
        if (typeof value !== 'function') return value;
        if (key === 'defineCommand') return value.bind(object) as unknown;
        return (...args: unknown[]) =>
          through(() => Promise.resolve((value as (...a: unknown[]) => unknown).apply(object, args)));
      },
    });
  const runs = frozenObject(world.runs);
  const active = createActiveRuns(() => undefined);
  const queued: Hands['queued'] = [];
  const hands: Hands = {
    active,
    queued,
    freeze() {
      frozen ??= new Promise((resolve) => (melt = resolve));
    },
    get isFrozen() {
      return frozen !== undefined;
    },
    thaw() {
      frozen = undefined;
      melt?.();
    },
    deps: {
      commit,
      runs,
      lists: frozenObject(world.lists),
      redis: frozenObject(world.redis),
      names: world.names,
      logger: quiet,
      guards: createGuardReader(runs.readGuards),
      active,
      queue: {
        add: (more) => {
          queued.push(...more);
          return Promise.resolve();
        },
        async addNextOf(scope) {
          const { isBusy, next } = await runs.readThread(scope);
          if (!isBusy && next) queued.push(next);
        },
      },
      chooseModel: () => ({ model, name: 'scripted' }),
      deadlineMs,
      patience: { retryDelaysMs: [1, 1] },
    },
  };
  return hands;
}

/** A model that follows a script. */
export const script = (...steps: ScriptedModelInput[]): ScriptedModel => new ScriptedModel(steps);

/** A turn that says something. */
export const say = (text: string): ScriptedModelInput => [assistantMessage(text)];

/** A turn that calls tools. */
export const call = (
  ...calls: [name: string, args: Record<string, unknown> | string, callId: string][]
): ScriptedModelInput => calls.map(([name, args, callId]) => functionCall(name, args, { callId }));

export const done = (text: string): StreamEvent => ({
  type: 'response_done',
  response: {
    id: 'r',
    output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] }],
    usage: { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  },
});

/** A gate that a script waits at until the test opens it. */
export function gate(): { reached: Promise<void>; open(): void; pass(): Promise<void> } {
  let open = (): void => undefined;
  let reach = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return {
    reached,
    open,
    async pass() {
      reach();
      await opened;
    },
  };
}

/** Arguments of add_tasks for plain titles. */
export const adding = (...titles: string[]): Record<string, unknown> => ({
  list: null,
  parent: null,
  after: null,
  tasks: titles.map((title) => ({
    title,
    notes: null,
    due: null,
    priority: null,
    labels: null,
    assignees: null,
    children: null,
  })),
});

export const READ_ALL = {
  list: null,
  status: 'all',
  label: null,
  assignee: null,
  priority: null,
  dueFrom: null,
  dueTo: null,
  offset: null,
  limit: null,
};

/** A model that answers what it reads, as real ones do: asked again by another worker, it goes on from there. */
export function reading(turnOf: (input: AgentInputItem[]) => OutputItem[]): Model & { asked: number } {
  const model: Model & { asked: number } = {
    asked: 0,
    getResponse: () => Promise.reject(new Error('runs are streamed')),
    async *getStreamedResponse({ input }: ModelRequest): AsyncGenerator<StreamEvent> {
      await Promise.resolve();
      model.asked += 1;
      const output = turnOf(input as AgentInputItem[]);
      for (const item of output) {
        if (item.type !== 'message') continue;
        const text = item.content.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
        for (const delta of text.match(/\s*\S+/g) ?? []) yield { type: 'output_text_delta', delta };
      }
      const usage = { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 };
      yield { type: 'response_done', response: { id: 'r', output, usage } };
    },
  };
  return model;
}

/** How many results the model can read since the last message of a person. */
export const resultsIn = (input: AgentInputItem[]): number => {
  const from = input.findLastIndex((item) => 'role' in item && item.role === 'user');
  return input.slice(from).filter((item) => item.type === 'function_call_result').length;
};
