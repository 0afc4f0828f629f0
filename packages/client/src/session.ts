import type { WireError } from '@muster/protocol/error';
import type { Hello } from '@muster/protocol/server-events';
import { scopeOf } from '@muster/protocol/id';
import { v4 } from 'uuid';
import type { Emitter } from './emitter.ts';
import { Former } from './former.ts';
import type { Outbox } from './outbox.ts';
import type { ProfileBook } from './profiles.ts';
import type { Replica } from './replica.ts';
import type { Scopes } from './scopes.ts';
import { storeAgain } from './store-again.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { TabNews } from './tab-news.ts';
import type { Clock, TabSeat } from './types.ts';

export interface SessionOptions {
  replica: Replica;
  writer: StorageWriter;
  outbox: Outbox;
  scopes: Scopes;
  profiles: ProfileBook;
  emitter: Emitter;
  clock: Clock;
  seat(): TabSeat | undefined;
  request(event: string, data: unknown): Promise<unknown>;
  reconnect(reason: string): void;
  /** The disk takes or tells nothing. */
  failed(error: unknown): void;
}

/** Whose store this is, and under which clientId it pushes. */
export class Session {
  clientId: string;
  /** The log of the server that we are connected to, or were last. */
  logEpoch = '';
  readonly former: Former;
  /** Under which clientId the last connection was made. Undefined: the store has another one, which is being read. */
  #connectedAs: string | undefined;
  readonly #options: SessionOptions;

  constructor(clientId: string, options: SessionOptions) {
    this.clientId = clientId;
    this.#options = options;
    this.former = new Former({
      ...options,
      refused: ({ mid, nonce, name, args }, error) =>
        options.emitter.emit('rejected', { mid, nonce, name, args, error }),
    });
  }

  /** A connection is made. @returns under which clientId: an earlier one's, while it is asked what the log holds of it */
  connects(): string {
    return (this.#connectedAs = this.former.connectsAs ?? this.clientId);
  }

  /** Whether the queue's mids are those of the connection's clientId: under another one they would be done twice. */
  get isPushable(): boolean {
    return this.#connectedAs === this.clientId;
  }

  get userId(): string | undefined {
    return this.#options.replica.view.userId;
  }

  /** Reads the disk. `clientId`: a script's own, which takes over the store. */
  async hydrate(clientId?: string): Promise<void> {
    const { writer, replica, outbox, profiles, scopes, clock } = this.#options;
    const loaded = await writer.turn(async (storage) => {
      storage.onCleared?.(() => void this.#cleared());
      const before = await storage.identity();
      if (clientId !== undefined && before.clientId !== clientId)
        await storage.renew(before.clientId, clientId, clock.now());
      return { ...(await storage.identity()), ...(await storage.load()) };
    });
    this.clientId = loaded.clientId;
    // Another store has been under another log, for all that we know.
    this.logEpoch = '';
    this.former.hydrate(loaded.hasFormer);
    replica.view.userId = loaded.userId ?? undefined;
    profiles.hydrate(loaded.profiles);
    replica.hydrate(loaded.scopes, loaded.content);
    outbox.hydrate(loaded.pending, loaded.nextMid);
    if (replica.view.userId !== undefined) replica.paint([replica.view.redecideAll()], 'hydrate');
    scopes.poke();
  }

  /**
   * The server said who we are.
   * @returns false where the connection is of no use under this store's clientId, and another one is being made
   */
  async hello({ userId, was, logEpoch }: Hello): Promise<boolean> {
    if (!(await this.#meet(userId, was))) return false;
    const isOther = logEpoch !== this.logEpoch;
    if (this.former.isDue(isOther) && !(await this.#settleFormer(logEpoch))) return false;
    this.logEpoch = logEpoch;
    // Before anything is sent: it comes before what waits. Where the disk fails, the queue goes on in memory, and what the
    // disk holds is offered after the next start.
    if (isOther) await this.#options.outbox.offerAgain().catch((error: unknown) => this.#options.failed(error));
    return true;
  }

  async #settleFormer(logEpoch: string): Promise<boolean> {
    try {
      return await this.former.settle(logEpoch);
    } catch (error) {
      // Under another id nothing of this store's own may be sent.
      if (this.former.connectsAs !== undefined) throw error;
      this.#options.failed(error);
      return true;
    }
  }

  async #meet(userId: string, was: readonly string[]): Promise<boolean> {
    const { replica, writer, emitter } = this.#options;
    const known = this.userId;
    if (known === userId) return true;
    const isOurs = known === undefined || was.includes(known);
    // Nobody's store yet, or a guest's who became this person: what they made stays, under its clientId.
    if (!isOurs || !(await writer.turn((storage) => storage.setUser(userId)))) {
      await this.switchTo(userId, isOurs ? known : undefined);
      return false;
    }
    replica.view.userId = userId;
    if (known !== undefined) replica.drop(scopeOf('user', known));
    replica.paint([replica.view.redecideAll()], 'local');
    emitter.emit('user', userId, known);
    return true;
  }

  /** The clientId belongs to someone else: this store is theirs and is put aside; `hello` will say whose the next one is. */
  async switchTo(userId: string | null, guestId?: string): Promise<void> {
    const { replica, writer, outbox, scopes, profiles, emitter, seat, reconnect } = this.#options;
    const wasNobodys = this.userId === undefined;
    const resolvers = new Map(replica.view.intents.map(({ nonce, resolve }) => [nonce, resolve]));
    if (!wasNobodys) outbox.abandon();
    await writer.turn((storage) => storage.switchTo(userId));
    replica.reset();
    replica.view.userId = undefined;
    profiles.clear();
    scopes.reset();
    await this.hydrate();
    for (const intent of wasNobodys ? replica.view.intents : [])
      intent.resolve = resolvers.get(intent.nonce) ?? intent.resolve;
    seat()?.post({ news: 'user' } satisfies TabNews);
    if (userId !== null) emitter.emit('user', userId, guestId);
    reconnect('another user');
  }

  async #cleared(): Promise<void> {
    const { emitter } = this.#options;
    // Where it fails, what waits is in memory: the status says so with the next edit.
    await storeAgain(this.#options).catch(() => undefined);
    emitter.emit('cleared');
  }

  /** A new clientId: what the server has not answered is queued again under it, with the nonces that it has. */
  async renew(): Promise<void> {
    const { writer, seat, clock } = this.#options;
    // The one that the server complained of. Another tab may have been first.
    const [from, to] = [this.#connectedAs, v4()];
    if (from === undefined) return;
    const isOurs = await writer.turn((storage) => storage.renew(from, to, clock.now()));
    if (isOurs) seat()?.post({ news: 'renewed' } satisfies TabNews);
    await this.renewed();
  }

  /** This page stood still or slept: what the other tabs said meanwhile may not have come. */
  async tabsMayHaveMoved(): Promise<void> {
    const { writer, outbox } = this.#options;
    const { clientId } = await writer.run((storage) => storage.identity());
    if (clientId === this.clientId) await outbox.refill();
    else await this.renewed();
  }

  /** Another tab took a new clientId. */
  async renewed(): Promise<void> {
    const { writer, outbox, reconnect } = this.#options;
    // The turn to push may come while this is read: nothing goes under the old one any more.
    const was = this.#connectedAs;
    this.#connectedAs = undefined;
    try {
      this.clientId = (await writer.run((storage) => storage.identity())).clientId;
      await outbox.remap();
    } catch (error) {
      this.#connectedAs ??= was;
      throw error;
    }
    this.former.owe();
    reconnect('new client id');
  }
}

/** The refusals after which only the person can help: sign in, or load a newer page. */
export const isFinal = ({ code }: WireError): boolean =>
  code === 'unauthenticated' || code === 'upgrade_required' || code === 'forbidden' || code === 'invalid';
