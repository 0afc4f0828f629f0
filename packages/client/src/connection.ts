import { MusterError, type WireError } from '@muster/protocol/error';
import { HEARD_WITHIN_MS } from '@muster/protocol/server-events';
import { backoff } from './clock.ts';
import type { Clock, ConnectAuth, Transport, TransportConnection } from './types.ts';

const RETRY_BASE_MS = 300;
const RETRY_CAP_MS = 10_000;
/** A connection that lived this long was a good one: the next failure starts the waiting times from the beginning. */
const STABLE_MS = 10_000;
/** Above the time that a busy gateway may take; a connection that answers nothing for so long is given up. */
const ANSWER_WITHIN_MS = 15_000;
/** A server that is there answers well within this, also one across the world. */
const PROBE_WITHIN_MS = 1_500;
/** Changes nothing, and any server answers it: closes a scope that nobody has open. */
const PROBE = { event: 'scope:close', data: { scope: 'list:ffffffff-ffff-4fff-bfff-ffffffffffff' } };
/** After a blocked event loop the timer fires before the messages that wait: they get this long to be read. */
const GRACE_MS = 100;

export interface ConnectionOptions {
  url: string;
  transport: Transport;
  clock: Clock;
  auth(): Promise<ConnectAuth>;
  received(event: string, data: unknown): void;
  /** `attempts` that failed in a row. */
  lost(reason: string, attempts: number): void;
  /** The server does not take this client. Answers whether to try again later. */
  refused(error: WireError): boolean;
  log(message: string, details?: unknown): void;
}

/** The request was not answered before the connection ended: nobody knows whether it was heard. */
export class Unanswered extends MusterError {
  constructor() {
    super('unavailable', 'There is no connection to the server.');
  }
}

/** Keeps one connection to the server: silence, drains, refusals, and when to try again. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #requests = new Set<(error: Error) => void>();
  #transport: TransportConnection | undefined;
  /** Tells one attempt's events from those of an attempt that was given up. */
  #attempt = 0;
  #failures = 0;
  #isWanted = false;
  #isOpen = false;
  #openedAt = 0;
  #heardAt = 0;
  /** How often anything was heard. */
  #heard = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #cancelDrain: (() => void) | undefined;
  #cancelProbe: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    this.#isWanted = true;
    if (!this.#transport && !this.#cancelRetry) void this.#connect();
  }

  stop(): void {
    this.#isWanted = false;
    this.#end('stopped');
  }

  /** Connects at once, also where a connection stands (it is dropped) or the server had refused. */
  restart(reason: string): void {
    const had = this.#transport !== undefined;
    this.#end(reason);
    this.#isWanted = true;
    if (had) this.#options.lost(reason, 0);
    void this.#connect();
  }

  /**
   * The machine slept, or the network changed: whether the server is still there is found out at once, and what waits for
   * the time of its next try tries now.
   */
  check(reason: string): void {
    if (!this.#isWanted || this.#cancelProbe) return;
    const { clock } = this.#options;
    if (!this.#isOpen) {
      const hasJustBegun = !this.#cancelRetry && clock.now() - this.#heardAt < PROBE_WITHIN_MS;
      if (hasJustBegun) return;
      this.#failures = 0;
      return this.restart(reason);
    }
    const heard = this.#heard;
    this.request(PROBE.event, PROBE.data).catch(() => undefined);
    this.#cancelProbe = clock.setTimeout(() => {
      this.#cancelProbe = undefined;
      if (this.#heard === heard) this.restart(reason);
    }, PROBE_WITHIN_MS);
  }

  /** Gives the connection up, and tries again like after any loss: later each time. */
  drop(reason: string): void {
    if (this.#isWanted && this.#transport) this.#lose(reason);
  }

  /** A gateway is leaving: go elsewhere within the time it gives, not all at once. */
  drain(retryAfterMs: number): void {
    this.#cancelDrain?.();
    const wait = this.#options.clock.random() * Math.max(0, retryAfterMs);
    this.#cancelDrain = this.#options.clock.setTimeout(() => this.restart('drain'), wait);
  }

  /** @throws {Unanswered} where there is no connection, or it ends first */
  request(event: string, data: unknown): Promise<unknown> {
    const transport = this.#transport;
    if (!transport || !this.#isOpen) return Promise.reject(new Unanswered());
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.setTimeout(() => this.drop(`no answer to ${event}`), ANSWER_WITHIN_MS);
      const fail = (error: Error) => {
        cancel();
        this.#requests.delete(fail);
        reject(error);
      };
      this.#requests.add(fail);
      transport.send(event, data, (ack) => {
        if (!this.#requests.delete(fail)) return;
        cancel();
        this.#hear();
        resolve(ack);
      });
    });
  }

  async #connect(): Promise<void> {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isCurrent = () => attempt === this.#attempt && this.#isWanted;
    let auth: ConnectAuth;
    try {
      auth = await this.#options.auth();
    } catch (error) {
      this.#options.log('no token', { error });
      if (isCurrent()) this.#lose('no token');
      return;
    }
    if (!isCurrent()) return;
    this.#heardAt = this.#options.clock.now();
    try {
      this.#transport = this.#open(auth, isCurrent);
    } catch (error) {
      this.#options.log('no way to the server', { error });
      return this.#lose('no way to the server');
    }
    this.#watch(HEARD_WITHIN_MS);
  }

  #open(auth: ConnectAuth, isCurrent: () => boolean): TransportConnection {
    return this.#options.transport.connect(this.#options.url, auth, {
      opened: () => {
        if (!isCurrent()) return;
        this.#isOpen = true;
        this.#openedAt = this.#options.clock.now();
        this.#hear();
      },
      received: (event, data) => {
        if (!isCurrent()) return;
        this.#hear();
        this.#options.received(event, data);
      },
      closed: (reason) => {
        if (isCurrent()) this.#lose(reason);
      },
      refused: (error) => {
        if (!isCurrent()) return;
        const retry = this.#options.refused(error);
        if (!isCurrent()) return;
        if (retry) return this.#lose(error.code, error.details?.retryAfterMs);
        this.#isWanted = false;
        this.#end(error.code);
      },
    });
  }

  #hear(): void {
    this.#heard += 1;
    this.#heardAt = this.#options.clock.now();
  }

  /** Heads come at least every 3 s: silence means that the gateway or the way to it is gone, whatever TCP believes. */
  #watch(ms: number, isGrace = false): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#options.clock.setTimeout(() => {
      const now = this.#options.clock.now();
      // Set back, the clock would say for as long that something has just been heard.
      this.#heardAt = Math.min(this.#heardAt, now);
      const silence = now - this.#heardAt;
      if (silence < HEARD_WITHIN_MS) this.#watch(HEARD_WITHIN_MS - silence);
      else if (!isGrace) this.#watch(GRACE_MS, true);
      else this.#lose('silence');
    }, ms);
  }

  #lose(reason: string, waitMs?: number): void {
    const { clock } = this.#options;
    const wasStable = this.#isOpen && clock.now() - this.#openedAt >= STABLE_MS;
    this.#end(reason);
    this.#failures = wasStable ? 0 : this.#failures + 1;
    this.#options.lost(reason, this.#failures);
    const wait = waitMs ?? backoff(clock, this.#failures, RETRY_BASE_MS, RETRY_CAP_MS);
    this.#cancelRetry = clock.setTimeout(() => void this.#connect(), wait);
  }

  #end(reason: string): void {
    this.#attempt += 1;
    this.#isOpen = false;
    for (const cancel of [this.#cancelRetry, this.#cancelWatch, this.#cancelDrain, this.#cancelProbe]) cancel?.();
    this.#cancelRetry = this.#cancelWatch = this.#cancelDrain = this.#cancelProbe = undefined;
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
    if (transport) this.#options.log('disconnected', { reason });
    for (const fail of [...this.#requests]) fail(new Unanswered());
  }
}
