import type { Change, Packet } from '@muster/protocol/change';
import type { WireEntity } from '@muster/protocol/entity';
import type { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Confirmed } from './confirmed.ts';
import type { Emitter } from './emitter.ts';
import { VOID, type Intent } from './intent.ts';
import { refKey, Touched, type Content, type Ref } from './ref.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { EntityChange, StoredScope } from './types.ts';
import type { Repaint, View } from './view.ts';

type Origin = EntityChange['origin'];

export interface ReplicaOptions {
  confirmed: Confirmed;
  view: View;
  writer: StorageWriter;
  emitter: Emitter;
  clientId(): string;
  /** Under which log, and when, something is done now. */
  under(): { logEpoch: string; at: number };
  /** Whether the scope is followed, so that its content will come. */
  isOpen(scope: ScopeId): boolean;
  /** Confirmed content or the queue moved on. */
  moved(): void;
}

/** Confirmed content, the queue over it, and the disk below: every step keeps the three in line and tells the page once. */
export class Replica {
  readonly confirmed: Confirmed;
  readonly view: View;
  readonly #options: ReplicaOptions;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.confirmed = options.confirmed;
    this.view = options.view;
  }

  /** What the disk held. Told as one: the page reads anew what it shows. */
  hydrate(scopes: StoredScope[], content: Map<ScopeId, Content>): void {
    for (const head of scopes) this.confirmed.hydrate(head, content.get(head.scope) ?? new Map());
    this.#options.emitter.emit('hydrated');
  }

  /** An open's answer: the only thing that may create or replace a scope. */
  replace(head: StoredScope, entities: WireEntity[]): void {
    const was = this.confirmed.position(head.scope);
    const touched = new Touched();
    this.confirmed.replace(head, entities, touched);
    const { writer } = this.#options;
    writer.content(head.scope, (storage) =>
      storage.replaceScope(
        head,
        entities.map((entity) => ({ ...entity, scope: head.scope })),
      ),
    );
    // The log went back: what it had acknowledged may be lost there, so it is offered again under its own nonce.
    const isBack = was !== undefined && was.logEpoch !== head.logEpoch;
    if (isBack && this.#forgetAnswers(head)) this.paint([this.view.redecideAll()], 'remote');
    this.#settleReached(head.scope, touched);
    this.#step(touched, 'remote');
  }

  /**
   * Applies a packet that continues its scope.
   * @throws {UnknownOp} and leaves the scope as it was
   */
  apply(packet: Packet): void {
    const { scope, from, to, changes, aclEpoch, logEpoch } = packet;
    const touched = new Touched();
    this.confirmed.apply(scope, changes, to, aclEpoch, touched);
    const written = [...touched.refs.values()].map(({ ref }) => ({ ...ref, value: this.confirmed.value(ref) }));
    this.#options.writer.packet({ scope, logEpoch, from, to, aclEpoch }, written);
    for (const change of changes) this.#noteOwn(scope, change, touched);
    this.#settleReached(scope, touched);
    this.#step(touched, 'remote', authorsOf(scope, changes, this.view.userId));
    const { emitter } = this.#options;
    for (const change of changes) {
      emitter.emit('change', scope, change);
      if (change.overwrote && change.overwrote.length > 0) emitter.emit('overwrote', scope, change, change.overwrote);
    }
  }

  /** Wipes a scope that is no longer this person's to see, with the conversations that it holds. */
  drop(scope: ScopeId): ScopeId[] {
    const threads = [...this.confirmed.ofType(scope, 'thread').keys()].map((id) => scopeOf('thread', id));
    const dropped = [scope, ...threads];
    const touched = new Touched();
    for (const gone of dropped) this.confirmed.drop(gone, touched);
    this.#options.writer.later(async (storage) => {
      for (const gone of dropped) await storage.dropScope(gone);
    });
    this.#step(touched, 'remote');
    return dropped;
  }

  /** Everything goes from memory; the disk keeps it. */
  reset(): void {
    const touched = new Touched();
    const emptied = this.view.remove([...this.view.intents]);
    for (const scope of this.confirmed.scopes()) this.confirmed.drop(scope, touched);
    this.paint([emptied, this.view.refold(touched)], 'hydrate');
  }

  /** The server applied it: it leaves the view only where its change is there, never before, or values would flicker. */
  applied(intent: Intent, seqs: Record<string, number>): void {
    intent.seqs = seqs;
    intent.answeredUnder = this.#options.under().logEpoch;
    const touched = new Touched();
    for (const scope of Object.keys(seqs)) this.#settleReached(scope as ScopeId, touched);
    this.#step(touched, 'remote');
  }

  /**
   * The intent leaves, and those that cannot be without it are emptied: they keep their mids until the server has taken
   * them.
   * @returns those that depended on it, with what the rules say about them now
   */
  reject(intent: Intent): { intent: Intent; error: MusterError }[] {
    const repaint = this.view.remove([intent]);
    for (const dependant of repaint.failed) {
      dependant.intent.name = VOID;
      dependant.intent.args = {};
    }
    this.paint([repaint], 'local');
    this.#options.moved();
    return repaint.failed;
  }

  /** Takes intents whose every open scope has caught up out of the queue. */
  sweep(): void {
    this.#step(new Touched(), 'remote');
  }

  paint(repaints: Repaint[], origin: Origin, by?: Map<string, EntityChange['by']>): void {
    const changes = new Map<string, EntityChange>();
    for (const { changed } of repaints) {
      for (const { ref } of changed) {
        const author = by?.get(refKey(ref));
        changes.set(refKey(ref), {
          ...(ref as Ref & { type: EntityChange['type'] }),
          origin,
          ...(author ? { by: author } : {}),
        });
      }
    }
    if (changes.size > 0) this.#options.emitter.emit('entities', [...changes.values()]);
  }

  #step(touched: Touched, origin: Origin, by?: Map<string, EntityChange['by']>): void {
    const repaints = [this.view.refold(touched)];
    const leaving = this.view.intents.filter((intent) => this.#hasArrived(intent));
    if (leaving.length > 0) {
      repaints.push(this.view.remove(leaving));
      const done = leaving.map(({ mid, nonce, seqs, arrived }) => ({
        ...{ mid: mid ?? 0, nonce, seqs: seqs ?? Object.fromEntries(arrived) },
      }));
      const under = this.#options.under();
      this.#options.writer.later((storage) => storage.retire(done, under));
      for (const [at, { mid, seqs }] of done.entries()) leaving[at]?.resolve({ status: 'applied', seqs, mid });
    }
    this.paint(repaints, origin, by);
    this.#options.moved();
    this.#dropOrphans(touched);
  }

  /** A conversation that was deleted while nobody had it open: the server tells of its end in its list alone. */
  #dropOrphans(touched: Touched): void {
    for (const { ref, before } of touched.refs.values()) {
      if (ref.type !== 'thread' || before === undefined || this.confirmed.value(ref) !== undefined) continue;
      const scope = scopeOf('thread', ref.id);
      const isElsewhere = this.confirmed.holders('thread', ref.id).length > 0;
      if (!isElsewhere && this.confirmed.position(scope) && !this.#options.isOpen(scope)) this.drop(scope);
    }
  }

  #hasArrived(intent: Intent): boolean {
    const isThere = (scope: string) => intent.arrived.has(scope) || !this.#options.isOpen(scope as ScopeId);
    // A change that came before its answer shows, but is no proof: a copy of this client may have used the same mid for
    // something else. The answer knows the nonce, and comes, or is asked for again.
    return intent.seqs !== null && Object.keys(intent.seqs).every(isThere);
  }

  #noteOwn(scope: ScopeId, change: Change, touched: Touched): void {
    if (change.mid === undefined || change.clientId !== this.#options.clientId()) return;
    const own = this.view.intents.find(({ mid }) => mid === change.mid);
    if (!own) return;
    own.arrived.set(scope, change.seq);
    this.view.settleIn(own, scope, touched);
    this.#options.emitter.emit('arrived', own.nonce, scope, change);
  }

  #settleReached(scope: ScopeId, touched: Touched): void {
    const at = this.confirmed.position(scope);
    if (at === undefined) return;
    for (const intent of this.view.intents) {
      const promised = intent.seqs?.[scope];
      // Numbers of another log say nothing of this content: the scope is read again.
      const isOther = (intent.answeredUnder ?? at.logEpoch) !== at.logEpoch;
      if (promised === undefined || promised > at.seq || isOther || intent.arrived.has(scope)) continue;
      intent.arrived.set(scope, promised);
      this.view.settleIn(intent, scope, touched);
    }
  }

  /** An answer of the scope's new log may be here before the scope: it stands. */
  #forgetAnswers({ scope, logEpoch }: Pick<StoredScope, 'scope' | 'logEpoch'>): boolean {
    const answered = this.view.intents.filter(
      ({ seqs, answeredUnder }) => seqs?.[scope] !== undefined && answeredUnder !== logEpoch,
    );
    for (const intent of answered) {
      intent.seqs = null;
      intent.arrived.clear();
    }
    return answered.length > 0;
  }
}

/** Who made each entity look as it does: others only, and the agent also where one asked it oneself. */
function authorsOf(scope: ScopeId, changes: Change[], userId: string | undefined): Map<string, EntityChange['by']> {
  const authors = new Map<string, EntityChange['by']>();
  for (const { actor, effects } of changes) {
    for (const { type, id } of effects) {
      const key = refKey({ scope, type, id });
      if (actor.id === userId) authors.delete(key);
      else
        authors.set(
          key,
          actor.for === undefined
            ? { id: actor.id, kind: actor.kind }
            : { id: actor.id, kind: actor.kind, for: actor.for },
        );
    }
  }
  return authors;
}
