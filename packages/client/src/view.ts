import type { Command, Context } from '@muster/domain/command';
import { conflictOf, findBroken } from '@muster/domain/conditions';
import type { EntityType, Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { v7 } from 'uuid';
import type { Confirmed } from './confirmed.ts';
import { EffectIndex, refsOf, type Entry } from './effect-index.ts';
import { compareIntents, type Intent } from './intent.ts';
import { OverlayState } from './overlay-state.ts';
import { applyEffect, isSame, kindKey, nameKey, PLACE, refKey, Touched, type Ref, type Value } from './ref.ts';

/** Deciders by name; their arguments were parsed when the intent was made. */
export type Commands = Record<string, Command<never> | undefined>;

const isPlaced = (a: Value | undefined, b: Value | undefined): boolean =>
  (a === undefined) === (b === undefined) && a?.pos === b?.pos && a?.parentId === b?.parentId;

function foldBefore(confirmed: Value | undefined, entries: readonly Entry[], before?: Intent): Value | undefined {
  let value = confirmed;
  for (const { intent, effect } of entries) {
    if (before && compareIntents(intent, before) >= 0) break;
    value = applyEffect(value, effect);
  }
  return value;
}

function hasCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const item of small) if (large.has(item)) return true;
  return false;
}

/** An entity that looks different now, and the intents that can no longer be, with why. */
export interface Repaint {
  changed: { ref: Ref; value: Value | undefined }[];
  failed: { intent: Intent; error: MusterError }[];
}

/**
 * What the person sees: confirmed folded with the queue, by the same deciders as the server's. A decision stands until
 * something it looked at changes, and only touched entities are folded again.
 */
export class View {
  readonly confirmed: Confirmed;
  /** Set once known: before, nothing can be decided. */
  userId: string | undefined;
  readonly intents: Intent[] = [];
  readonly #commands: Commands;
  readonly #log: (message: string, details?: unknown) => void;
  readonly #index = new EffectIndex();
  readonly #folded = new Map<string, Value | undefined>();
  readonly #stored = new WeakMap<Value, Stored>();

  constructor(confirmed: Confirmed, commands: Commands, log: (message: string, details?: unknown) => void) {
    this.confirmed = confirmed;
    this.#commands = commands;
    this.#log = log;
  }

  get<T extends EntityType>(type: T, id: string): Stored<T> | undefined {
    const scope = this.locate(type, id);
    const value = scope && this.value({ scope, type, id });
    return value && (this.#wrap({ scope, type, id }, value) as Stored<T>);
  }

  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[] {
    const waiting = this.#index.kind(scope, type);
    const found: Stored[] = [];
    for (const [id, value] of this.confirmed.ofType(scope, type)) {
      if (!waiting?.has(id)) found.push(this.#wrap({ scope, type, id }, value));
    }
    for (const id of waiting?.keys() ?? []) {
      const value = this.value({ scope, type, id });
      if (value) found.push(this.#wrap({ scope, type, id }, value));
    }
    return found as Stored<T>[];
  }

  value(ref: Ref): Value | undefined {
    const key = refKey(ref);
    return this.#folded.has(key) ? this.#folded.get(key) : this.confirmed.value(ref);
  }

  valueBefore(ref: Ref, before?: Intent): Value | undefined {
    return foldBefore(this.confirmed.value(ref), this.#index.of(ref), before);
  }

  /** The scope that holds an entity: a waiting put wins, then what came last. */
  locate(type: string, id: string, before?: Intent): ScopeId | undefined {
    const scopes = [...this.confirmed.holders(type, id), ...(this.#index.scopes(type, id) ?? [])];
    return scopes.findLast((scope) => {
      const ref = { scope, type, id };
      return (before ? this.valueBefore(ref, before) : this.value(ref)) !== undefined;
    });
  }

  *allBefore(scope: ScopeId, type: string, before: Intent): Generator<{ id: string; value: Value }> {
    const waiting = this.#index.kind(scope, type);
    const confirmed = this.confirmed.ofType(scope, type);
    for (const [id, value] of confirmed) if (!waiting?.has(id)) yield { id, value };
    for (const [id, entries] of waiting ?? []) {
      const value = foldBefore(confirmed.get(id), entries, before);
      if (value) yield { id, value };
    }
  }

  /** A task as it was before it was deleted: by a waiting intent, or by a confirmed change of late. */
  deletedBefore(taskId: string, before: Intent): { ref: Ref; value: Value; group: string } | undefined {
    for (const scope of this.#index.scopes('task', taskId) ?? []) {
      const ref = { scope, type: 'task', id: taskId };
      const last = this.#index.of(ref).findLast(({ intent }) => compareIntents(intent, before) < 0);
      const value = last?.effect.op === 'del' ? this.valueBefore(ref, last.intent) : undefined;
      if (last && value) return { ref, value, group: last.intent.nonce };
    }
    return this.confirmed.tombstones.get(taskId);
  }

  deletedChildrenBefore(taskId: string, before: Intent): { ref: Ref; value: Value }[] {
    const parent = this.deletedBefore(taskId, before);
    if (!parent) return [];
    const waiting = this.intents.find(({ nonce }) => nonce === parent.group);
    if (!waiting) return this.confirmed.tombstones.childrenOf(taskId);
    return refsOf(waiting).flatMap((ref) => {
      const value = this.valueBefore(ref, waiting);
      return value?.parentId === taskId ? [{ ref, value }] : [];
    });
  }

  /**
   * Puts an intent at its place in the queue and decides it.
   * @throws {MusterError} the rejection that the rules foresee; the intent is not in the queue then
   */
  insert(intent: Intent): Repaint {
    const at = this.intents.findLastIndex((other) => compareIntents(other, intent) < 0) + 1;
    this.intents.splice(at, 0, intent);
    const error = this.#decide(intent);
    if (error) {
      this.intents.splice(this.intents.indexOf(intent), 1);
      throw error;
    }
    this.#index.add(intent);
    return this.refold(this.#touch(intent), intent);
  }

  /** Queues without deciding: what comes from storage or from another tab, where a rejection is the server's to make. */
  adopt(intent: Intent): Repaint {
    const at = this.intents.findLastIndex((other) => compareIntents(other, intent) < 0) + 1;
    this.intents.splice(at, 0, intent);
    this.#decide(intent);
    this.#index.add(intent);
    return this.refold(this.#touch(intent), intent);
  }

  remove(intents: readonly Intent[]): Repaint {
    const touched = new Touched();
    const gone = intents.filter((intent) => this.intents.includes(intent)).sort(compareIntents);
    for (const intent of gone) {
      this.intents.splice(this.intents.indexOf(intent), 1);
      this.#touch(intent, touched);
      this.#index.remove(intent);
    }
    return this.refold(touched, gone[0]);
  }

  /** The intent's own change is in this scope's confirmed content: it must not lie over it as well. */
  settleIn(intent: Intent, scope: ScopeId, touched: Touched): void {
    if (!intent.effects.some((effect) => effect.scope === scope)) return;
    this.#touch(intent, touched);
    this.#index.remove(intent);
    intent.effects = intent.effects.filter((effect) => effect.scope !== scope);
    this.#index.add(intent);
  }

  /** After mids were given or the user became known: decides everything again. */
  redecideAll(): Repaint {
    this.intents.sort(compareIntents);
    this.#index.sort();
    const touched = new Touched();
    for (const intent of this.intents) {
      this.#touch(intent, touched);
      if (intent.arrived.size > 0) continue;
      this.#index.remove(intent);
      this.#decide(intent);
      this.#index.add(intent);
      this.#touch(intent, touched);
    }
    return this.refold(touched);
  }

  /** Whether mids put the queue out of the order in which it was folded. */
  get isSorted(): boolean {
    return this.intents.every((intent, at) => at === 0 || compareIntents(this.intents[at - 1] as Intent, intent) < 0);
  }

  /**
   * Folds what changed again, and decides again those whose decision looked at it.
   * @param after where only an intent came or went: those before it cannot have seen it
   */
  refold(touched: Touched, after?: Intent): Repaint {
    const failed: Repaint['failed'] = [];
    const names = new Set<string>();
    const kinds = new Set<string>();
    const mark = ({ scope, type, id }: Ref) => {
      names.add(nameKey(type, id));
      kinds.add(kindKey(scope, type));
    };
    for (const [key, { ref, before }] of touched.refs) {
      mark(ref);
      const was = this.#folded.has(key) ? this.#folded.get(key) : before;
      if (ref.type === 'task' && !isPlaced(was, this.valueBefore(ref))) kinds.add(kindKey(ref.scope, PLACE));
    }
    for (const intent of this.intents) {
      // Once its change is in one scope, deciding again would see itself and be refused.
      if (intent.arrived.size > 0 || (after && compareIntents(intent, after) <= 0)) continue;
      if (!hasCommon(names, intent.reads.names) && !hasCommon(kinds, intent.reads.kinds)) continue;
      const was = intent.effects;
      this.#index.remove(intent);
      const error = this.#decide(intent);
      this.#index.add(intent);
      if (error && was.length > 0) failed.push({ intent, error });
      if (isSame(was, intent.effects)) continue;
      for (const { scope, effect } of [...was, ...intent.effects]) {
        const ref = { scope, type: effect.type, id: effect.id };
        mark(ref);
        kinds.add(kindKey(scope, PLACE));
        touched.add(ref, this.confirmed.value(ref));
      }
    }
    return { changed: this.#fold(touched), failed };
  }

  /** Whether a waiting intent will make this scope, and the server is not known to have done so. */
  isMaking(scope: ScopeId): boolean {
    return this.intents.some((intent) => !intent.seqs && intent.arrived.size === 0 && intent.creates.includes(scope));
  }

  #fold(touched: Touched): Repaint['changed'] {
    const changed: Repaint['changed'] = [];
    for (const [key, { ref, before }] of touched.refs) {
      const was = this.#folded.has(key) ? this.#folded.get(key) : before;
      const hasEntries = this.#index.of(ref).length > 0;
      let value = hasEntries ? this.valueBefore(ref) : this.confirmed.value(ref);
      if (hasEntries && isSame(was, value)) value = was;
      if (hasEntries) this.#folded.set(key, value);
      else this.#folded.delete(key);
      if (was !== value && !isSame(was, value)) changed.push({ ref, value });
    }
    return changed;
  }

  #touch(intent: Intent, touched = new Touched()): Touched {
    for (const ref of refsOf(intent)) touched.add(ref, this.confirmed.value(ref));
    return touched;
  }

  #decide(intent: Intent): MusterError | undefined {
    intent.effects = [];
    intent.creates = [];
    intent.reads.names.clear();
    intent.reads.kinds.clear();
    const command = Object.hasOwn(this.#commands, intent.name) ? this.#commands[intent.name] : undefined;
    const userId = this.userId;
    if (!command?.optimistic || userId === undefined) return undefined;
    let made = 0;
    const context: Context = {
      actor: { id: userId, kind: 'person' },
      subject: userId,
      now: intent.queuedAt,
      newId: () => (intent.madeIds[made++] ??= v7()),
    };
    try {
      const state = new OverlayState(this, intent, userId);
      const broken = findBroken(state, intent.ifStill ?? []);
      if (broken) return conflictOf(broken, null);
      const decision = command.decide(state, intent.args as never, context);
      intent.creates = (decision.create ?? []).map(({ scope }) => scope);
      // What it does to other people's sidebars is not ours to see.
      const own = scopeOf('user', userId);
      intent.effects = decision.effects.filter(({ scope }) => scope === own || !scope.startsWith('user:'));
      return undefined;
    } catch (error) {
      if (error instanceof MusterError) return error;
      // A waiting intent of an older page must not stop the page; the server decides.
      this.#log('a decider failed', { name: intent.name, error });
      return undefined;
    }
  }

  #wrap(ref: Ref, value: Value): Stored {
    const known = this.#stored.get(value);
    if (known) return known;
    const wrapped = { ...ref, value } as unknown as Stored;
    this.#stored.set(value, wrapped);
    return wrapped;
  }
}
