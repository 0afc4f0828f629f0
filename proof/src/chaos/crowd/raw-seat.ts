import { randomUUID } from 'node:crypto';
import { socketIoTransport } from '@muster/client/socket-io';
import type { Transport, TransportConnection } from '@muster/client/types';
import type { MutateAnswer, ScopeResult } from '@muster/protocol/client-events';
import type { Packet } from '@muster/protocol/change';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import { HEARD_WITHIN_MS, type ScopeGone } from '@muster/protocol/server-events';
import { v7 } from 'uuid';
import type { Random } from '../../sim/random.ts';
import type { Recorder } from './recorder.ts';
import { recordingTransport } from './recording-transport.ts';
import type { SeatState } from './seat.ts';

const AGAIN_AFTER_MS = 700;

export interface RawSeatOptions {
  name: string;
  userId: string;
  token: string;
  url: string;
  recorder: Recorder;
  random: Random;
  /** Left out: the network's. */
  transport?: Transport;
}

interface Mutation {
  mid: number;
  nonce: string;
  name: string;
  args: unknown;
}

/** A program that speaks the wire itself: it keeps no content, says everything twice, and hears whatever it is sent. */
export class RawSeat {
  readonly name: string;
  readonly userId: string;
  beats = 0;
  readonly #options: RawSeatOptions;
  readonly #transport: Transport;
  readonly #clientId = randomUUID();
  readonly #waiting: Mutation[] = [];
  readonly #seqs = new Map<string, number>();
  #mid = 0;
  #count = 0;
  #connection: TransportConnection | undefined;
  #isOnline = false;
  #isStopped = false;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RawSeatOptions) {
    this.#options = options;
    this.name = options.name;
    this.userId = options.userId;
    this.#transport = recordingTransport(options.transport ?? socketIoTransport, {
      ...{ recorder: options.recorder, seat: options.name },
      beat: () => (this.beats += 1),
    });
  }

  async start(): Promise<void> {
    this.#options.recorder.note({ k: 'seat', seat: this.name, userId: this.userId });
    this.#timer = setInterval(() => {
      if (this.#connection && Date.now() - this.#heardAt > HEARD_WITHIN_MS * 2) this.#lose();
    }, 1_000);
    this.#connect();
  }

  async reload(): Promise<void> {
    this.#lose();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#connection?.close();
  }

  act(): void {
    const list = this.#options.random.pick([...this.#seqs.keys()].filter((scope) => scope.startsWith('list:')));
    if (!list) return;
    const args = { id: v7(), listId: list.slice('list:'.length), title: `${this.name} ${++this.#count}` };
    const mutation = { mid: ++this.#mid, nonce: randomUUID(), name: 'task.create', args };
    const { nonce, name } = mutation;
    this.#options.recorder.note({ k: 'kept', seat: this.name, at: Date.now(), nonce, name });
    this.#waiting.push(mutation);
    if (this.#isOnline) for (const _ of [1, 2]) this.#send(mutation);
  }

  state(): SeatState {
    return {
      ...{ seat: this.name, userId: this.userId, connection: this.#isOnline ? 'online' : 'offline' },
      ...{ pending: this.#waiting.length, isBehind: false, seqs: Object.fromEntries(this.#seqs) },
    };
  }

  settle(): void {
    // Nothing is held back here.
  }

  #connect(): void {
    if (this.#isStopped) return;
    this.#heardAt = Date.now();
    const { url, token } = this.#options;
    const auth = { clientId: this.#clientId, protocol: PROTOCOL_VERSION, token };
    const connection = this.#transport.connect(url, auth, {
      opened: () => undefined,
      received: (event, data) => {
        if (connection === this.#connection) this.#hear(event, data);
      },
      closed: () => {
        if (connection === this.#connection) this.#lose();
      },
      refused: () => {
        if (connection === this.#connection) this.#lose();
      },
    });
    this.#connection = connection;
  }

  #lose(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#isOnline = false;
    connection?.close();
    setTimeout(() => this.#connection ?? this.#connect(), AGAIN_AFTER_MS * (0.5 + Math.random()));
  }

  #hear(event: string, data: unknown): void {
    this.#heardAt = Date.now();
    if (event === 'hello') {
      this.#isOnline = true;
      this.#open(scopeOf('user', this.userId));
      for (const mutation of this.#waiting) this.#send(mutation);
    } else if (event === 'scope:changes') this.#take(data as Packet);
    else if (event === 'scope:gone') this.#seqs.delete((data as ScopeGone).scope);
    else if (event === 'scope:heads') {
      const { heads } = data as { heads: Record<string, number> };
      // What is missed is asked for again, from the beginning: nothing is kept here.
      for (const [scope, seq] of Object.entries(heads))
        if ((this.#seqs.get(scope) ?? seq) < seq) this.#open(scope as ScopeId);
    }
  }

  #open(scope: ScopeId): void {
    const connection = this.#connection;
    connection?.send('scope:open', { scopes: [{ scope }] }, (ack) => {
      const { data } = ack as { data?: { results: ScopeResult[] } };
      if (connection !== this.#connection) return;
      if (!data) this.#openLater(scope);
      for (const result of data?.results ?? []) this.#answered(result);
    });
  }

  /** Nothing tells of a scope that is not open: what could not be read just now is asked for until it can. */
  #openLater(scope: ScopeId): void {
    const connection = this.#connection;
    setTimeout(() => connection === this.#connection && this.#open(scope), AGAIN_AFTER_MS);
  }

  #answered(result: ScopeResult): void {
    if (result.kind === 'error' && result.error.retryable) return this.#openLater(result.scope);
    if (result.kind === 'error') return void this.#seqs.delete(result.scope);
    if (result.kind === 'later') return this.#open(result.scope);
    if (result.kind === 'changes') return this.#take(result);
    this.#reach(result.scope, result.seq);
    // Told from the beginning, a person's own scope names every list that is theirs: another went while it was away.
    const own = new Set<string>(
      result.entities.map(({ type, id }) => (type === 'membership' ? scopeOf('list', id) : '')),
    );
    if (result.scope.startsWith('user:'))
      for (const scope of this.#seqs.keys()) if (scope.startsWith('list:') && !own.has(scope)) this.#seqs.delete(scope);
    for (const { type, id } of result.entities) if (type === 'membership') this.#open(scopeOf('list', id));
  }

  #take({ scope, to, changes }: Pick<Packet, 'scope' | 'to' | 'changes'>): void {
    this.#reach(scope, to);
    for (const { effects } of changes) {
      for (const { op, type, id } of effects) {
        if (type !== 'membership') continue;
        if (op === 'put') this.#open(scopeOf('list', id));
        else if (op === 'del') this.#seqs.delete(scopeOf('list', id));
      }
    }
  }

  #reach(scope: string, seq: number): void {
    this.#seqs.set(scope, Math.max(seq, this.#seqs.get(scope) ?? 0));
  }

  #send(mutation: Mutation): void {
    const connection = this.#connection;
    connection?.send('mutate', mutation, (ack) => {
      const { ok, data } = ack as { ok: boolean; data?: MutateAnswer };
      if (!ok || data?.status === 'out_of_order') {
        setTimeout(() => {
          if (connection === this.#connection && this.#waiting.includes(mutation)) this.#send(mutation);
        }, AGAIN_AFTER_MS);
        return;
      }
      const at = this.#waiting.indexOf(mutation);
      if (at >= 0) this.#waiting.splice(at, 1);
    });
  }
}
