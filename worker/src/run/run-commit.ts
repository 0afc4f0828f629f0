import type { Commit, CommitOutcome, Submission, SubmittedCommand } from '@muster/db/commit/types';
import { MusterError } from '@muster/protocol/error';
import { AGENT_ID } from '@muster/protocol/principal';
import type { Item, RunError, RunStatus } from '@muster/protocol/run';
import type { AttemptGuard } from './attempt-guard.ts';
import { Interruption } from './interruption.ts';
import { pause } from './pause.ts';
import { storable } from './storable.ts';

/** A tool's commands and its outcome go in one transaction. */
export interface CallCommit {
  callId: string;
  commands: SubmittedCommand[];
  items: Item[];
}

export type CallOutcome =
  | { status: 'applied'; seqs: Record<string, number> }
  /** An earlier attempt's transaction had its row: nothing was done again. */
  | { status: 'duplicate' }
  | { status: 'refused'; error: MusterError };

/** An attempt's writes. Each is guarded by the attempt, in the transaction itself. */
export interface RunCommit {
  /** @throws {Interruption} `superseded` */
  items(items: { item: Item; text?: string }[]): Promise<void>;
  /** @throws {Interruption} `superseded` */
  call(call: CallCommit): Promise<CallOutcome>;
  /**
   * @returns false where the run had moved on
   * @throws {MusterError} where it was refused for anything else: the run is still this attempt's
   */
  end(end: RunEnd, items?: { item: Item; text?: string }[]): Promise<boolean>;
  /** Hands the run back, for the next attempt to go on. Like {@link RunCommit.end} */
  requeue(): Promise<boolean>;
}

export interface RunEnd {
  status: Extract<RunStatus, 'completed' | 'failed' | 'stopped' | 'awaiting_approval'>;
  error?: RunError;
  model?: string;
  usage?: Record<string, unknown>;
}

const RETRY_DELAYS_MS = [100, 300, 1_000, 2_000, 3_000];

export const actorFor = (askerId: string): Submission['actor'] => ({ id: AGENT_ID, kind: 'agent', for: askerId });

/** Submits again while Postgres cannot be reached: every submission of a run is the same however often it comes. */
export async function commitPatiently(commit: Commit, submission: Submission): Promise<CommitOutcome> {
  for (let tries = 0; ; tries++) {
    try {
      return await commit(submission);
    } catch (error) {
      const delay = RETRY_DELAYS_MS[tries];
      if (!(error instanceof MusterError && error.retryable) || delay === undefined) throw error;
      await pause(delay);
    }
  }
}

export function createRunCommit({
  commit,
  guard,
  askerId,
}: {
  commit: Commit;
  guard: AttemptGuard;
  askerId: string;
}): RunCommit {
  const { runId, attempt } = guard;
  const actor = actorFor(askerId);

  const itemCommands = (items: { item: Item; text?: string }[]): SubmittedCommand[] =>
    items.map(({ item, text }) => ({
      name: 'run.item',
      args: storable({ runId, attempt, item, ...(text === undefined ? {} : { text }) }),
    }));

  const submit = (commands: SubmittedCommand[], more: Partial<Submission> = {}): Promise<CommitOutcome> =>
    commitPatiently(commit, { actor, commands, run: { runId }, trusted: true, ...more });

  return {
    async items(items) {
      const outcome = await submit(itemCommands(items));
      if (outcome.status === 'rejected') throw supersede(guard, outcome.error);
    },
    async call({ callId, commands, items }) {
      const submitted = [...commands, ...itemCommands(items.map((item) => ({ item })))];
      const outcome = await submit(submitted, { run: { runId, callId }, strict: true });
      if (outcome.status === 'applied') return { status: 'applied', seqs: outcome.seqs };
      if (outcome.status === 'duplicate') return { status: 'duplicate' };
      if (outcome.status !== 'rejected') throw new Error(`a run's commit was answered ${outcome.status}`);
      // Either a task's command was refused, or the guard in the items' own: only the run's row can tell.
      await guard.check();
      return { status: 'refused', error: outcome.error };
    },
    async end(end, items = []) {
      return isOurs(await submit([...itemCommands(items), { name: 'run.end', args: { runId, attempt, ...end } }]));
    },
    async requeue() {
      return isOurs(await submit([{ name: 'run.requeue', args: { runId, attempt } }]));
    },
  };
}

/** The run is another attempt's, over, or gone. */
const hasMovedOn = ({ code }: MusterError): boolean => code === 'conflict' || code === 'not_found';

/** @throws {MusterError} what refused it, where that was not another attempt: taken for one, the run would hang unheard */
function isOurs(outcome: CommitOutcome): boolean {
  if (outcome.status === 'rejected' && !hasMovedOn(outcome.error)) throw outcome.error;
  return outcome.status === 'applied';
}

/** What refused an item: nearly always another attempt. Anything else is a fault of ours, and is shown as one. */
function supersede(guard: AttemptGuard, error: MusterError): Error {
  if (!hasMovedOn(error)) return error;
  const interruption = new Interruption('superseded');
  guard.interrupt(interruption);
  return interruption;
}
