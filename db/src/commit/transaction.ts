import type { Change, Effect, Overwrote } from '@muster/protocol/change';
import type { EntityType, Stored } from '@muster/protocol/entity';
import { parseScope, type ScopeId } from '@muster/protocol/id';
import { compareBytes, LONGEST_POS } from '@muster/domain/ordering';
import type { AclWrite, Context, Decision, Hint, RunColumns } from '@muster/domain/command';
import type { BatchState } from './batch-state.ts';
import { entityKey } from './facts.ts';
import type { Overlay } from './overlay.ts';
import type { TaskRecord } from './task-record.ts';

/** Fields that can lose a merge, or that strict authors ask about: their last writer is kept. */
const WATCHED_FIELDS: ReadonlySet<string> = new Set([
  'title',
  'notes',
  'due',
  'priority',
  'done',
  'parentId',
  'listId',
]);
/** Fields whose losing value is told in `overwrote`. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(['title', 'notes', 'due', 'priority']);

/** The command leads to places that are not locked: it starts again, and looks once more where things are. */
export class StartAgain extends Error {}

/** One row of the log, before it is one. */
export interface NewChange {
  scope: ScopeId;
  acl: ScopeId;
  aclEpoch: number;
  change: Change;
  prev: unknown[];
}

interface ScopeChange {
  seq: number;
  effects: Effect[];
  prev: unknown[];
  overwrote: Overwrote[];
}

export interface Locks {
  scopes: ReadonlySet<string>;
  acls: ReadonlySet<string>;
  isExclusive: boolean;
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Applies the decisions of one submission to the overlay, and gathers what its log rows will say. */
export class Transaction {
  readonly id: string;
  readonly aclWrites: AclWrite[] = [];
  readonly newAcls: ScopeId[] = [];
  readonly gone: NonNullable<Decision['gone']> = [];
  readonly runColumns: RunColumns[] = [];
  readonly hints: Hint[] = [];
  readonly results: unknown[] = [];
  /** Lists in which a key grew too long. */
  readonly crowded = new Set<ScopeId>();
  readonly #scopes = new Map<ScopeId, ScopeChange>();
  readonly #state: BatchState;
  readonly #overlay: Overlay;
  readonly #locks: Locks;
  readonly #epochs: ReadonlyMap<string, number>;

  constructor(id: string, state: BatchState, overlay: Overlay, locks: Locks, epochs: ReadonlyMap<string, number>) {
    this.id = id;
    this.#state = state;
    this.#overlay = overlay;
    this.#locks = locks;
    this.#epochs = epochs;
  }

  /** @throws {StartAgain} where an effect falls on what is not locked */
  apply(decision: Decision, context: Context): void {
    for (const { scope, aclOf } of decision.create ?? []) {
      const acl = aclOf === scope ? scope : this.#state.aclOf(aclOf);
      if (acl === undefined) throw new Error(`${scope} would share the rights of ${aclOf}, which is not there`);
      this.#overlay.create(scope, { acl, head: 0, headAt: 0, size: 0, isGone: false });
      if (acl === scope) {
        this.newAcls.push(scope);
        this.#overlay.set(this.#overlay.epochs, scope, 1);
      }
    }
    for (const { scope, effect } of decision.effects) this.#applyEffect(scope, effect, context);
    for (const gone of decision.gone ?? []) {
      const record = this.#state.scope(gone.scope);
      if (!record) continue;
      this.#overlay.set(this.#overlay.scopes, gone.scope, { ...record, isGone: true });
      this.gone.push(gone);
    }
    for (const write of decision.acl ?? []) this.#applyAclWrite(write);
    for (const columns of decision.runColumns ?? []) {
      const run = this.#state.get('run', columns.runId);
      if (run) this.#requireLocked(run.scope);
      this.runColumns.push(columns);
    }
    this.hints.push(...(decision.hints ?? []));
    this.results.push(decision.result ?? null);
  }

  /** The log rows, once all commands are applied. Epochs are those after the submission. */
  finish(context: Context, origin: Pick<Change, 'clientId' | 'mid' | 'runId'>): NewChange[] {
    const rows: NewChange[] = [];
    for (const [scope, { seq, effects, prev, overwrote }] of this.#scopes) {
      const record = this.#state.scope(scope);
      if (!record || effects.length === 0) continue;
      const change: Change = {
        seq,
        at: context.now,
        txnId: this.id,
        actor: context.actor,
        ...origin,
        effects,
        ...(overwrote.length > 0 ? { overwrote } : {}),
      };
      this.#overlay.set(this.#overlay.scopes, scope, { ...record, head: seq, headAt: context.now });
      rows.push({ scope, acl: record.acl, aclEpoch: this.#epoch(record.acl), change, prev });
    }
    return rows;
  }

  #epoch(acl: ScopeId): number {
    const epoch = this.#overlay.epochs.get(acl) ?? this.#epochs.get(acl);
    if (epoch === undefined) throw new StartAgain(`${acl} is not locked`);
    return epoch;
  }

  /** Nothing may be written to a scope that is not locked, nor without its acl: a removal could pass it by. */
  #requireLocked(scope: ScopeId): void {
    if (this.#overlay.created.has(scope)) return;
    const acl = this.#state.aclOf(scope);
    if (acl === undefined) return;
    if (!this.#locks.scopes.has(scope) || !(this.#locks.acls.has(acl) || this.#overlay.created.has(acl))) {
      throw new StartAgain(`${scope} is not locked`);
    }
  }

  #requireExclusive(acl: ScopeId): void {
    if (this.#overlay.created.has(acl)) return;
    if (!this.#locks.isExclusive) throw new Error(`members of ${acl} may only change in a membership command`);
    if (!this.#locks.acls.has(acl)) throw new StartAgain(`${acl} is not locked`);
  }

  #applyEffect(scope: ScopeId, effect: Effect, context: Context): void {
    this.#requireLocked(scope);
    const record = this.#state.scope(scope);
    if (!record) return;
    let into = this.#scopes.get(scope);
    if (!into) this.#scopes.set(scope, (into = { seq: record.head + 1, effects: [], prev: [], overwrote: [] }));
    const type = effect.type as EntityType;
    if (type === 'member') this.#requireExclusive(scope);
    const found = this.#state.get(type, effect.id, scope);
    const before = found?.scope === scope ? found : undefined;
    // Patch and del of what is absent do nothing, so they need not be told either.
    if (!before && effect.op !== 'put') return;
    into.effects.push(effect);
    into.prev.push(before ? previousOf(effect, before) : null);
    const after = effect.op === 'del' ? undefined : stored(scope, effect, before);
    if (type === 'task') this.#writeTask(into, effect, before as Stored<'task'> | undefined, after, context);
    else this.#overlay.set(this.#overlay.entities, entityKey(type, effect.id, scope), after ?? null);
    if (type === 'membership' && after) this.#notePlace(scope, after as Stored<'membership'>);
    const growth = (after ? 1 : 0) - (before ? 1 : 0);
    if (growth !== 0) {
      const now = this.#state.scope(scope) ?? record;
      this.#overlay.set(this.#overlay.scopes, scope, { ...now, size: now.size + growth });
    }
  }

  #writeTask(
    into: ScopeChange,
    effect: Effect,
    before: Stored<'task'> | undefined,
    after: Stored | undefined,
    context: Context,
  ): void {
    const known = this.#state.record(effect.id);
    const fieldSeq = known?.task.scope === after?.scope ? (known?.fieldSeq ?? {}) : {};
    const record: TaskRecord = after
      ? { task: after as Stored<'task'>, deletedAt: null, deletedTxn: null, fieldSeq }
      : {
          task: before as Stored<'task'>,
          deletedAt: context.now,
          deletedTxn: this.id,
          fieldSeq: known?.fieldSeq ?? {},
        };
    if (effect.op === 'patch' && before) {
      record.fieldSeq = { ...fieldSeq };
      for (const [field, value] of Object.entries(effect.fields)) {
        if (!WATCHED_FIELDS.has(field)) continue;
        this.#tellOverwritten(into, effect.id, field, before.value[field as 'title'], value, fieldSeq[field], context);
        record.fieldSeq[field] = context.clientId
          ? [into.seq, context.actor.id, context.clientId]
          : [into.seq, context.actor.id];
      }
    }
    this.#overlay.set(this.#overlay.tasks, effect.id, record);
    const { pos } = record.task.value;
    if (after && pos !== before?.value.pos) {
      this.#overlay.addPos(record.task.scope, pos);
      if (pos.length > LONGEST_POS) this.crowded.add(record.task.scope);
    }
  }

  /** A value whose author's successor had not seen it: it stays findable in the history, and the change says so. */
  #tellOverwritten(
    into: ScopeChange,
    id: string,
    field: string,
    value: unknown,
    next: unknown,
    writer: TaskRecord['fieldSeq'][string] | undefined,
    context: Context,
  ): void {
    if (!writer || context.base === undefined || !TEXT_FIELDS.has(field)) return;
    const [seq, actor, clientId] = writer;
    if (seq <= context.base || (clientId !== undefined && clientId === context.clientId) || same(value, next)) return;
    into.overwrote.push({ type: 'task', id, field, value, actor, seq });
  }

  #notePlace(scope: ScopeId, membership: Stored<'membership'>): void {
    const last = this.#overlay.lastMembership.get(scope);
    const { pos } = membership.value;
    if (last === undefined || compareBytes(pos, last) > 0) this.#overlay.set(this.#overlay.lastMembership, scope, pos);
  }

  #applyAclWrite(write: AclWrite): void {
    if (write.write === 'bump') {
      this.#requireExclusive(write.acl);
      this.#overlay.set(this.#overlay.epochs, write.acl, this.#epoch(write.acl) + 1);
    } else {
      if ('acl' in write && !this.#locks.acls.has(write.acl)) throw new StartAgain(`${write.acl} is not locked`);
      this.aclWrites.push(write);
    }
  }
}

function stored(scope: ScopeId, effect: Exclude<Effect, { op: 'del' }>, before: Stored | undefined): Stored {
  const value = effect.op === 'put' ? effect.value : { ...before?.value, ...effect.fields };
  return { scope, type: effect.type as EntityType, id: effect.id, value: value as never };
}

/** What was there before, in the shape of the effect: the whole value, or the fields that a patch set. */
function previousOf(effect: Effect, before: Stored): unknown {
  if (effect.op !== 'patch') return before.value;
  const value = before.value as unknown as Record<string, unknown>;
  return Object.fromEntries(Object.keys(effect.fields).map((field) => [field, value[field] ?? null]));
}

/** `list:<id>` → the id that list.rebalance wants. */
export const listIdOf = (scope: ScopeId): string => parseScope(scope).id;
