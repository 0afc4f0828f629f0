import type { FirstAnswer } from '@muster/protocol/client-events';
import { MusterError } from '@muster/protocol/error';
import type { Context } from '@muster/domain/command';
import { conflictOf, findBroken } from '@muster/domain/conditions';
import { v4, v7 } from 'uuid';
import { BatchState } from './batch-state.ts';
import type { Entry } from './entry.ts';
import { authorOf } from './author-of.ts';
import { pairKey, type ClientRecord, type Facts } from './facts.ts';
import type { Overlay } from './overlay.ts';
import { StartAgain, Transaction, type Locks, type NewChange } from './transaction.ts';
import type { CommitOutcome } from './types.ts';
import type { Wants } from './wants.ts';

/** What a batch has come to so far. */
export interface Batch {
  facts: Facts;
  overlay: Overlay;
  locks: Locks;
  changes: (NewChange & { entry: Entry })[];
  transactions: Transaction[];
  /** Answers to mids that were taken in this batch, which the log does not hold yet. */
  answered: Map<string, { nonce: string; first: FirstAnswer }>;
  /** Rows to write beside the entities. */
  idempotency: { entry: Entry; outcome: Extract<CommitOutcome, { status: 'applied' }> }[];
  toolCalls: { entry: Entry; outcome: Extract<CommitOutcome, { status: 'applied' }> }[];
  onBug: (error: unknown, command: string) => void;
}

export type Verdict =
  | { is: 'outcome'; outcome: CommitOutcome }
  /** To be read, and then decided again. */
  | { is: 'missing'; wants: Wants }
  | { is: 'again' };

const rejected = (error: MusterError): CommitOutcome => ({ status: 'rejected', error });

function firstOf(outcome: CommitOutcome): FirstAnswer {
  if (outcome.status === 'applied') return { status: 'applied', seqs: outcome.seqs };
  if (outcome.status !== 'rejected') throw new Error(`${outcome.status} is no answer that takes a mid`);
  const { code, message, details } = outcome.error;
  return { status: 'rejected', code, message, ...(details ? { details } : {}) };
}

/** Decides one submission against what the batch has become so far, and leaves its writes in the overlay. */
export function decide(batch: Batch, entry: Entry): Verdict {
  const state = new BatchState(batch.facts, batch.overlay, entry.subject);
  if (batch.facts.merged.get(entry.actor.id) || batch.facts.merged.get(entry.subject)) return { is: 'again' };
  const earlier = answerBefore(batch, entry, state);
  if (!state.missing.isEmpty) return { is: 'missing', wants: state.missing };
  if (earlier === 'again') return { is: 'again' };
  if (earlier) return { is: 'outcome', outcome: earlier };

  let outcome: CommitOutcome;
  try {
    outcome = entry.refusal ? rejected(entry.refusal) : apply(batch, entry, state);
  } catch (error) {
    batch.overlay.rollBack();
    if (!state.missing.isEmpty) return { is: 'missing', wants: state.missing };
    if (error instanceof StartAgain) return { is: 'again' };
    if (!(error instanceof MusterError))
      batch.onBug(error, entry.submission.commands.map(({ name }) => name).join(' '));
    outcome = rejected(error instanceof MusterError ? error : new MusterError('internal', 'This could not be done.'));
  }
  takeMid(batch, entry, outcome);
  batch.overlay.keep();
  return { is: 'outcome', outcome };
}

/** An answer that was given before, or one that takes no mid; undefined where there is something to decide. */
function answerBefore(batch: Batch, entry: Entry, state: BatchState): CommitOutcome | 'again' | undefined {
  const { client, idempotency, run } = entry.submission;
  const { facts } = batch;
  if (client) {
    const row = clientOf(batch, client.clientId);
    if (!row) return 'again';
    if (row.principal !== entry.actor.id) {
      // A guest's client row follows them to the person that they became: this may be one who does not know it yet.
      if (!facts.merged.has(entry.actor.id)) state.missing.add('merged', entry.actor.id);
      return { status: 'cloned' };
    }
    if (client.mid <= row.lastMid) return repeatedMid(batch, client, state);
    if (client.mid > row.lastMid + 1) return { status: 'out_of_order', expected: row.lastMid + 1 };
  }
  if (idempotency) {
    const before = facts.idempotency.get(pairKey(entry.subject, idempotency.key));
    if (before && before.bodyHash !== idempotency.bodyHash) return { status: 'key_reused' };
    if (before)
      return { status: 'duplicate', first: { status: 'applied', seqs: before.seqs }, results: before.results };
  }
  if (run?.callId !== undefined) {
    const before = facts.toolCalls.get(pairKey(run.runId, run.callId));
    if (before)
      return { status: 'duplicate', first: { status: 'applied', seqs: before.seqs }, results: before.results };
  }
  return undefined;
}

const clientOf = (batch: Batch, id: string): ClientRecord | undefined =>
  batch.overlay.clients.get(id) ?? batch.facts.clients.get(id);

type Origin = NonNullable<Entry['submission']['client']>;

/** Same nonce: the first answer again. Another nonce under the same mid: a copy of the client, or a stolen id. */
function repeatedMid(batch: Batch, { clientId, mid, nonce }: Origin, state: BatchState): CommitOutcome {
  const key = pairKey(clientId, String(mid));
  const logged = batch.facts.answers.get(key);
  const before = batch.answered.get(key) ?? logged;
  if (before)
    return before.nonce === nonce ? { status: 'duplicate', first: before.first, results: [] } : { status: 'cloned' };
  if (logged === undefined) state.missing.add('answers', [clientId, mid]);
  // Older than all that is kept: it was taken, and can only have been one that changed nothing.
  return { status: 'duplicate', first: { status: 'applied', seqs: {} }, results: [] };
}

function apply(batch: Batch, entry: Entry, state: BatchState): CommitOutcome {
  const { facts, overlay, locks } = batch;
  const { client, run, strict } = entry.submission;
  requireAttempt(entry, state);
  const heads = (entry.scopes ?? []).map((scope) => state.scope(scope)?.headAt ?? 0);
  const context: Context = {
    actor: entry.actor,
    subject: entry.subject,
    now: Math.max(facts.now, ...heads),
    newId: v7,
    ...(strict ? { strict } : {}),
    ...(client ? { clientId: client.clientId } : {}),
    ...(run ? { runId: run.runId } : {}),
    ...(run?.callId !== undefined ? { callId: run.callId } : {}),
  };
  const transaction = new Transaction(v4(), state, overlay, locks, facts.epochs);
  for (const { command, args, base, ifStill } of entry.commands) {
    const broken = findBroken(state, ifStill);
    if (!state.missing.isEmpty) throw new StartAgain('not all is known');
    if (broken) throw conflictOf(broken, authorOf(batch, broken, state));
    const own = base === undefined ? context : { ...context, base };
    transaction.apply(command.decide(state, args, own), own);
    // Nothing is built on what was not read: the whole submission is decided again.
    if (!state.missing.isEmpty) throw new StartAgain('not all is known');
  }
  const rows = transaction.finish(context, {
    ...(client ? { clientId: client.clientId, mid: client.mid } : {}),
    ...(run ? { runId: run.runId } : {}),
  });
  if (!state.missing.isEmpty) throw new StartAgain('not all is known');
  for (const row of rows) batch.changes.push({ ...row, entry });
  batch.transactions.push(transaction);
  const seqs = Object.fromEntries(rows.map(({ scope, change }) => [scope, change.seq]));
  const outcome = { status: 'applied' as const, seqs, results: transaction.results, hints: transaction.hints };
  if (entry.submission.idempotency) batch.idempotency.push({ entry, outcome });
  if (run?.callId !== undefined) batch.toolCalls.push({ entry, outcome });
  return outcome;
}

/** @throws {MusterError} `conflict` where the run is not running in this attempt any more */
function requireAttempt(entry: Entry, state: BatchState): void {
  const { run } = entry.submission;
  if (run?.attempt === undefined) return;
  const found = state.get('run', run.runId);
  const isOwn = found?.value.status === 'running' && found.value.attempt === run.attempt;
  if (!isOwn) throw new MusterError('conflict', 'This run has moved on.');
}

function takeMid(batch: Batch, entry: Entry, outcome: CommitOutcome): void {
  const { client } = entry.submission;
  if (!client) return;
  const row = clientOf(batch, client.clientId) as ClientRecord;
  const first = firstOf(outcome);
  batch.answered.set(pairKey(client.clientId, String(client.mid)), { nonce: client.nonce, first });
  const hasRow = first.status === 'applied' && Object.keys(first.seqs).length > 0;
  const next: ClientRecord = { ...row, lastMid: client.mid };
  if (!hasRow) next.silent = { ...row.silent, [client.mid]: [client.nonce, first] };
  batch.overlay.set(batch.overlay.clients, client.clientId, next);
}
