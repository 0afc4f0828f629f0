import type { Packet } from '@muster/protocol/change';
import type { ScopeResult } from '@muster/protocol/client-events';
import { MusterError, type WireError } from '@muster/protocol/error';
import { parseScope, scopeId, type ScopeId } from '@muster/protocol/id';
import type { Profiles } from '@muster/protocol/principal';
import type { ScopeGone } from '@muster/protocol/server-events';
import * as z from 'zod/mini';
import type { Emitter } from './emitter.ts';
import {
  GONE,
  UPGRADE,
  askAnew,
  createFollow,
  createHandle,
  finish,
  isBehind,
  isDoubtful,
  isWhole,
  restart,
  stateOf,
  type Follow,
} from './follow.ts';
import { Intake } from './intake.ts';
import type { Replica } from './replica.ts';
import { isOnItsWay, memberLists, ownScope } from './own-scopes.ts';
import { ScopeAsker } from './scope-asker.ts';
import { ScopeNews } from './scope-news.ts';
import type { Clock, ScopeHandle, ScopeState } from './types.ts';

export interface ScopesOptions {
  replica: Replica;
  emitter: Emitter;
  clock: Clock;
  isOnline(): boolean;
  request(event: string, data: unknown): Promise<unknown>;
  profiles(profiles: Profiles): void;
  /** A scope was confirmed on this connection: one may be present in it now. */
  joined(scope: ScopeId): void;
  /** The person's own scope moved: a guest became someone. */
  moved(): void;
  reconnect(reason: string): void;
  behind(isBehind: boolean): void;
  log(message: string, details?: unknown): void;
}

/** What is followed, and the rules by which packets become confirmed content: order, gaps, ends. */
export class Scopes {
  readonly follows = new Map<ScopeId, Follow>();
  readonly #options: ScopesOptions;
  readonly #asker: ScopeAsker;
  readonly #intake: Intake;
  readonly #news: ScopeNews;

  constructor(options: ScopesOptions) {
    this.#options = options;
    this.#news = new ScopeNews(options.emitter);
    this.#intake = new Intake({
      replica: options.replica,
      missing: (follow) => this.#again(follow, 'pull'),
      unreadable: (follow) => this.#refuse(follow, UPGRADE),
    });
    this.#asker = new ScopeAsker({
      ...options,
      position: (scope) => options.replica.confirmed.position(scope),
      isCurrent: (follow) => this.follows.get(follow.scope) === follow,
      answer: (follow, result, askedAt) => this.#answer(follow, result, askedAt),
      failed: (follow, error) => this.#fail(follow, error),
    });
  }

  /** Follows for the page; see MusterClient.open. */
  open(scope: ScopeId): ScopeHandle {
    const isValid = z.safeParse(scopeId, scope).success;
    const follow = this.#follow(scope);
    // Asking for it anew is a new question.
    if (follow.end) follow.end = undefined;
    if (!isValid) follow.end = { state: 'error', error: new MusterError('invalid', 'This is not a scope.').toWire() };
    const handle = createHandle(follow, () => this.#release(follow));
    this.#ask(follow);
    this.#tell(follow.scope);
    return handle;
  }

  state(scope: ScopeId): ScopeState {
    const { confirmed, view } = this.#options.replica;
    return stateOf(this.follows.get(scope), confirmed.position(scope)?.seq, view.isMaking(scope));
  }

  /** Whether the scope's content is coming or here: a mutation waits for it there. */
  isOpen(scope: ScopeId): boolean {
    const follow = this.follows.get(scope);
    if (follow) return !follow.end;
    return memberLists(this.#options.replica).has(scope) || isOnItsWay(this.#options.replica, scope);
  }

  /** Whether nothing that is followed still lacks content. */
  get isComplete(): boolean {
    const { replica } = this.#options;
    if (replica.view.userId === undefined) return false;
    return [...this.follows.values()].every(({ scope, end }) => end || replica.confirmed.position(scope));
  }

  /** A connection stands: everything is asked for again, in as few frames as possible. */
  connected(): void {
    this.#followOwn();
    for (const follow of this.follows.values()) {
      restart(follow);
      askAnew(follow);
      this.#ask(follow);
      this.#tell(follow.scope);
    }
  }

  disconnected(): void {
    for (const follow of this.follows.values()) {
      restart(follow);
      this.#tell(follow.scope);
    }
    this.#tellBehind();
  }

  /** Another person's store: what the page holds stays wanted, the rest is forgotten. */
  reset(): void {
    for (const follow of this.follows.values()) {
      restart(follow);
      follow.isOwn = false;
      follow.end = undefined;
      if (follow.handles === 0) this.follows.delete(follow.scope);
      this.#tell(follow.scope);
    }
  }

  /** After confirmed content or the queue moved: memberships may have come or gone, a scope may have been made. */
  poke(): void {
    this.#followOwn();
    for (const follow of this.follows.values()) {
      if (!follow.isFresh) this.#ask(follow);
      this.#resolve(follow);
    }
  }

  packet(packet: unknown): void {
    const scope = (packet as Packet | undefined)?.scope as ScopeId;
    const follow = this.follows.get(scope);
    if (!follow || follow.end) return;
    if (!isWhole(packet)) {
      this.#options.log('a malformed packet', { scope });
      return this.#again(follow, 'pull');
    }
    if (packet.profiles) this.#options.profiles(packet.profiles);
    this.#intake.take(follow, packet);
    this.#tell(scope);
    this.#tellBehind();
  }

  heads(heads: Record<string, number>, logEpoch: string): void {
    for (const [scope, head] of Object.entries(heads)) {
      const follow = this.follows.get(scope as ScopeId);
      const at = this.#options.replica.confirmed.position(scope as ScopeId);
      if (!follow || follow.end || !at || typeof head !== 'number') continue;
      follow.head = head;
      // Opened again rather than pulled: a gateway that found us slow has taken us out of the room.
      if (head > at.seq || at.logEpoch !== logEpoch) this.#again(follow, 'open');
    }
    this.#tellBehind();
  }

  gone({ scope, reason, to }: ScopeGone): void {
    const follow = this.follows.get(scope);
    this.#end(scope, to === undefined ? { state: 'gone', reason } : { state: 'gone', reason, to });
    if (follow && reason === 'moved' && scope === ownScope(this.#options.replica)) this.#options.moved();
  }

  #answer(follow: Follow, result: Exclude<ScopeResult, { kind: 'later' }>, askedAt: number | undefined): void {
    const { replica } = this.#options;
    const at = replica.confirmed.position(follow.scope);
    const wasFresh = follow.isFresh;
    if (result.kind === 'error') return this.#fail(follow, result.error as WireError);
    follow.end = undefined;
    if (result.kind === 'snapshot') {
      // Before it is applied, or that step would ask for it again.
      follow.isFresh = true;
      // It may lower our seq where the server says so; one that packets have overtaken is old.
      const isOvertaken = at && at.logEpoch === result.logEpoch && result.seq < at.seq && at.seq !== askedAt;
      const { scope, seq, logEpoch, aclEpoch, entities } = result;
      if (!isOvertaken) replica.replace({ scope, seq, logEpoch, aclEpoch }, entities);
      follow.attempts = 0;
      follow.isUnfit = false;
    } else {
      const came = this.#intake.catchUp(follow, result as Packet);
      if (came === 'unfit') return this.#asker.retry(follow);
      if (came === 'stopped') return;
    }
    follow.head = Math.max(follow.head, result.kind === 'snapshot' ? result.seq : result.to);
    const isStuck = follow.held.length > 0 && replica.confirmed.position(follow.scope)?.seq === at?.seq;
    // The server does not have yet what was seen of it: asking at once again would only ask faster.
    if (isStuck) this.#asker.retry(follow);
    this.#intake.drain(follow);
    this.#resolve(follow);
    this.#tell(follow.scope);
    this.#tellBehind();
    if (!wasFresh) this.#options.joined(follow.scope);
    if (follow.scope === ownScope(this.#options.replica)) this.poke();
  }

  #fail(follow: Follow, error: WireError): void {
    const isHeld = this.#options.replica.confirmed.position(follow.scope) !== undefined;
    if (error.code === 'not_found' && (isHeld || follow.isOwn))
      return this.#end(follow.scope, { state: 'gone', reason: 'removed' });
    if (error.code === 'unauthenticated') return this.#options.reconnect('unauthenticated');
    if (error.retryable) return this.#asker.retry(follow, error.details?.retryAfterMs);
    this.#refuse(follow, error);
  }

  #refuse(follow: Follow, error: WireError): void {
    finish(follow, { state: 'error', error }, error);
    this.#tell(follow.scope);
    this.#options.replica.sweep();
  }

  #end(scope: ScopeId, end: Extract<ScopeState, { state: 'gone' }>): void {
    const follow = this.follows.get(scope);
    if (follow) finish(follow, end, GONE);
    for (const thread of this.#options.replica.drop(scope)) {
      const held = this.follows.get(thread);
      if (held && !held.end) finish(held, { state: 'gone', reason: end.reason }, GONE);
    }
    for (const { scope: left, end: ended } of this.follows.values()) if (ended) this.#tell(left);
    this.#options.replica.sweep();
    this.#tellBehind();
    // The membership goes a moment later, or has come again since: then this was the old news of the two.
    if (follow && isDoubtful(follow, memberLists(this.#options.replica))) this.#asker.retry(follow);
  }

  #follow(scope: ScopeId): Follow {
    const known = this.follows.get(scope);
    if (known) return known;
    const follow = createFollow(scope);
    this.follows.set(scope, follow);
    return follow;
  }

  #ask(follow: Follow): void {
    this.#resolve(follow);
    if (follow.end || follow.isFresh || !this.#options.isOnline()) return;
    if (this.#options.replica.view.isMaking(follow.scope)) return;
    this.#asker.open(follow);
  }

  /** Something is missing: asks once, whatever else comes until the answer. */
  #again(follow: Follow, how: 'open' | 'pull'): void {
    if (follow.end || !this.#options.isOnline()) return;
    if (how === 'pull' && follow.isFresh) this.#asker.pull(follow);
    else this.#asker.open(follow);
  }

  #resolve(follow: Follow): void {
    if (follow.waiting.length === 0) return;
    const state = this.state(follow.scope);
    if (state.state === 'open') for (const { resolve } of follow.waiting.splice(0)) resolve();
    else if (state.state === 'error') for (const { reject } of follow.waiting.splice(0)) reject(state.error);
  }

  #release(follow: Follow): void {
    if (follow.handles > 0 || follow.isOwn || this.follows.get(follow.scope) !== follow) return;
    restart(follow);
    this.follows.delete(follow.scope);
    if (this.#options.isOnline()) this.#options.request('scope:close', { scope: follow.scope }).catch(() => undefined);
    this.#tell(follow.scope);
    this.#options.replica.sweep();
  }

  #followOwn(): void {
    const own = ownScope(this.#options.replica);
    if (!own) return;
    const wanted = memberLists(this.#options.replica).add(own);
    for (const scope of wanted) {
      const follow = this.#follow(scope);
      // A membership that came again after the scope was gone: it is followed again.
      if (!follow.isOwn && follow.end?.state === 'gone') follow.end = undefined;
      follow.isOwn = true;
    }
    for (const follow of [...this.follows.values()]) {
      if (!follow.isOwn || wanted.has(follow.scope)) continue;
      follow.isOwn = false;
      if (follow.handles > 0 && !follow.end) continue;
      if (parseScope(follow.scope).kind === 'list' && follow.handles === 0) this.#options.replica.drop(follow.scope);
      this.#release(follow);
    }
  }

  #tellBehind(): void {
    const seqOf = (scope: ScopeId) => this.#options.replica.confirmed.position(scope)?.seq;
    this.#options.behind([...this.follows.values()].some((follow) => isBehind(follow, seqOf(follow.scope))));
  }

  #tell(scope: ScopeId): void {
    this.#news.tell(scope, this.state(scope));
  }
}
