import type { Stored } from '@muster/protocol/entity';
import { AGENT_ID } from '@muster/protocol/principal';
import {
  isEnded,
  type ApprovalBody,
  type Item,
  type Run,
  type RunError,
  type RunStatus,
  type ToolCallBody,
} from '@muster/protocol/run';
import type { Message } from '@muster/protocol/thread';
import { reject, type Command, type ScopedEffect } from '../command.ts';
import { requireRole, rejectAsUnseen } from '../permissions.ts';
import { messageIdOf } from '../run-ids.ts';
import type { Need, State, Touch } from '../state.ts';

/**
 * What servers do to runs. Each is guarded by the attempt: a worker that was frozen and comes back writes nothing, since
 * its attempt is not the run's any more.
 */
interface OfRun {
  runId: string;
}
interface OfAttempt extends OfRun {
  attempt: number;
}

const touches = ({ runId }: OfRun): Touch[] => [{ touch: 'holder', type: 'run', id: runId }];
const reads = ({ runId }: OfRun): Need[] => [{ need: 'entity', type: 'run', id: runId }];

/** @throws {MusterError} `not_found` where the run or its thread is gone */
function requireRun(state: State, runId: string): Stored<'run'> {
  const run = state.get('run', runId);
  if (!run || state.scopeState(run.scope) !== 'live') rejectAsUnseen();
  return run;
}

/** @throws {MusterError} `conflict` where another attempt, or nobody, runs it now */
function requireAttempt(state: State, { runId, attempt }: OfAttempt): Stored<'run'> {
  const run = requireRun(state, runId);
  if (run.value.status !== 'running' || run.value.attempt !== attempt) reject('conflict', 'This run has moved on.');
  return run;
}

const patch = (run: Stored<'run'>, fields: Partial<Run>): ScopedEffect => ({
  scope: run.scope,
  effect: { op: 'patch', type: 'run', id: run.id, fields },
});

export interface ClaimResult {
  attempt: number;
}

/** One active run a thread: the worker names its oldest queued one. The subject is the asker, who must still have rights. */
export const runClaim: Command<OfRun> = {
  name: 'run.claim',
  optimistic: false,
  isInternal: true,
  touches,
  reads: (args) => [...reads(args), { need: 'threadRuns', runId: args.runId }],
  decide(state, { runId }, { now }) {
    const run = requireRun(state, runId);
    requireRole(state, run.scope, 'editor');
    if (run.value.status !== 'queued') reject('conflict', 'This run is not waiting.');
    const isBusy = state
      .all(run.scope, 'run')
      .some(({ id, value }) => id !== runId && (value.status === 'running' || value.status === 'awaiting_approval'));
    if (isBusy) reject('conflict', 'This conversation has a run already.');
    const attempt = run.value.attempt + 1;
    const result: ClaimResult = { attempt };
    return { effects: [patch(run, { status: 'running', attempt, startedAt: run.value.startedAt ?? now })], result };
  },
};

export interface RunItemArgs extends OfAttempt {
  item: Item;
  /** The words of a `message` item that ended: stored as the assistant's message. */
  text?: string;
}

/** An item began, changed or ended. After this the stream no longer needs its text. */
export const runItem: Command<RunItemArgs> = {
  name: 'run.item',
  optimistic: false,
  isInternal: true,
  touches,
  reads: (args) => [...reads(args), { need: 'entity', type: 'run_item', id: args.item.id }],
  decide(state, args, { now }) {
    const run = requireAttempt(state, args);
    const { id, ...rest } = args.item;
    const effects: ScopedEffect[] = [];
    if (args.text !== undefined) {
      const message: Message = {
        role: 'assistant',
        authorId: AGENT_ID,
        parts: [{ type: 'text', text: args.text }],
        text: args.text,
        parentId: run.value.messageId,
        runId: args.runId,
        fileIds: [],
        createdAt: now,
      };
      const messageId = messageIdOf(args.runId, args.item.n);
      effects.push({ scope: run.scope, effect: { op: 'put', type: 'message', id: messageId, value: message } });
    }
    const value = { runId: args.runId, ...rest };
    effects.push({ scope: run.scope, effect: { op: 'put', type: 'run_item', id, value } });
    return { effects };
  },
};

/** Its worker died or drains: the next attempt goes on. */
export const runRequeue: Command<OfAttempt> = {
  name: 'run.requeue',
  optimistic: false,
  isInternal: true,
  touches,
  reads,
  decide(state, args) {
    const run = requireAttempt(state, args);
    return {
      effects: [patch(run, { status: 'queued' })],
      hints: [{ hint: 'run', runId: args.runId, attempt: args.attempt }],
    };
  },
};

export interface RunEndArgs extends OfAttempt {
  status: Extract<RunStatus, 'completed' | 'failed' | 'stopped' | 'awaiting_approval'>;
  error?: RunError;
  model?: string;
  usage?: Record<string, unknown>;
}

/**
 * Also ends a run that never began (its attempt is then the last one's), where the asker has no rights any more; and one
 * that has just begun to wait, where somebody had said stop to it before.
 */
export const runEnd: Command<RunEndArgs> = {
  name: 'run.end',
  optimistic: false,
  isInternal: true,
  touches,
  reads,
  decide(state, args, { now }) {
    const run = requireRun(state, args.runId);
    const { status, attempt } = run.value;
    const isOwn =
      attempt === args.attempt &&
      (status === 'running' ||
        (status === 'queued' && args.status === 'failed') ||
        (status === 'awaiting_approval' && args.status === 'stopped'));
    if (!isOwn) reject('conflict', 'This run has moved on.');
    const endedAt = isEnded(args.status) ? now : null;
    return {
      effects: [patch(run, { status: args.status, error: args.error ?? null, endedAt })],
      runColumns: [
        {
          runId: args.runId,
          ...(args.model ? { model: args.model } : {}),
          ...(args.usage ? { usage: args.usage } : {}),
        },
      ],
    };
  },
};

/** From any editor's window. A run that works is asked by a row first, then by a poke that may be lost. */
export const runStop: Command<OfRun> = {
  name: 'run.stop',
  optimistic: false,
  isInternal: true,
  touches,
  reads,
  decide(state, { runId }, { now, subject }) {
    const run = requireRun(state, runId);
    requireRole(state, run.scope, 'editor');
    const { status } = run.value;
    if (isEnded(status)) return { effects: [], result: { status } };
    if (status === 'running') {
      return {
        effects: [],
        runColumns: [{ runId, stopRequestedBy: subject }],
        hints: [{ hint: 'stop', runId }],
        result: { status },
      };
    }
    return {
      effects: [patch(run, { status: 'stopped', endedAt: now })],
      runColumns: [{ runId, stopRequestedBy: subject }],
      hints: [{ hint: 'stop', runId }],
      result: { status: 'stopped' },
    };
  },
};

export interface RunDecideArgs extends OfRun {
  callId: string;
  approve: boolean;
  /** For this tool, and the rest of the conversation: what else of it is open is decided along. */
  remember?: boolean | undefined;
}

/** The first decision wins; once none is open, the run waits for a worker again. */
export const runDecide: Command<RunDecideArgs> = {
  name: 'run.decide',
  optimistic: false,
  isInternal: true,
  touches,
  reads: (args) => [...reads(args), { need: 'items', runId: args.runId }],
  decide(state, { runId, callId, approve, remember }, { subject }) {
    const run = requireRun(state, runId);
    requireRole(state, run.scope, 'editor');
    const items = state.all(run.scope, 'run_item').filter(({ value }) => value.runId === runId);
    const approvals = items.filter(({ value }) => value.kind === 'approval');
    const toolOf = (of: string | null): string | undefined =>
      items
        .filter(({ value }) => value.kind === 'tool_call' && value.callId === of)
        .map(({ value }) => (value.body as ToolCallBody).name)[0];
    const asked = approvals.find(({ value }) => value.callId === callId);
    if (!asked) reject('not_found', 'Nothing waits for this decision.');
    if (asked.value.state !== 'open' || run.value.status !== 'awaiting_approval') {
      return { effects: [], result: { status: run.value.status } };
    }
    const body: ApprovalBody = {
      decision: approve ? 'approved' : 'declined',
      by: subject,
      ...(remember ? { remember } : {}),
    };
    const isDecided = ({ id, value }: (typeof approvals)[number]): boolean =>
      id === asked.id || (remember === true && toolOf(value.callId) === toolOf(callId));
    const open = approvals.filter(({ value }) => value.state === 'open');
    const effects: ScopedEffect[] = open.filter(isDecided).map(({ id, value }) => ({
      scope: run.scope,
      effect: { op: 'put', type: 'run_item', id, value: { ...value, body, state: 'done' } },
    }));
    if (!open.every(isDecided)) {
      return { effects, result: { status: run.value.status } };
    }
    return {
      effects: [...effects, patch(run, { status: 'queued' })],
      hints: [{ hint: 'run', runId, attempt: run.value.attempt }],
      result: { status: 'queued' },
    };
  },
};
