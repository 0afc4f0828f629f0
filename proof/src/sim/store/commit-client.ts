import { EventEmitter } from 'node:events';
import pg from 'pg';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Database, RealConnection } from './database.ts';

const Real = pg.Client;
const PARAMETER = 'simulated';

/** What pg hands to a query that submits itself, and what such a query is told. */
interface Flight {
  submit(connection: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

/** The moments of a commit at which something may happen to it. `after`: it is done in Postgres, nobody was told. */
export type Moment = 'before load' | 'after load' | 'before persist' | 'after persist';

/** What a gateway's connections for commits go through. */
export interface CommitPort {
  time: VirtualTime;
  database: Database;
  /** How long a moment takes. */
  delay(moment: Moment): number;
  /** Whether the connection breaks here. */
  breaks(moment: Moment): boolean;
  isDead(): boolean;
  /** The process stands still: what it has not sent, it sends once it goes on. */
  isFrozen(): boolean;
}

const ports = new Map<string, CommitPort>();
let isInstalled = false;

/** @returns an address which only this process understands: connections to it are the port's */
export function registerCommitPort(name: string, port: CommitPort): string {
  if (!isInstalled) {
    isInstalled = true;
    pg.Client = function client(config: pg.ClientConfig) {
      const text = typeof config === 'object' ? config.connectionString : undefined;
      const found = text === undefined ? undefined : ports.get(new URL(text).searchParams.get(PARAMETER) ?? '');
      return found ? new CommitClient(found, config.options) : new Real(config);
    } as unknown as typeof pg.Client;
  }
  ports.set(name, port);
  const url = new URL(port.database.url);
  url.searchParams.set(PARAMETER, name);
  return url.href;
}

export const forgetCommitPorts = (): void => ports.clear();

/**
 * Stands where commit's own `pg.Client` would: the same flights reach the same Postgres, but when they leave, when their
 * answers are heard and whether the connection lives is the simulator's to say.
 */
class CommitClient extends EventEmitter {
  readonly #port: CommitPort;
  readonly #options: string | undefined;
  #connection: RealConnection | undefined;
  #isEnded = false;
  #isInTransaction = false;

  constructor(port: CommitPort, options: string | undefined) {
    super();
    this.#port = port;
    this.#options = options;
  }

  async connect(): Promise<void> {
    const { database, time } = this.#port;
    this.#connection = await time.work.ask(() => database.borrow(this.#options));
  }

  query(asked: Flight | { text: string } | string, values?: unknown[]): unknown {
    const { database, time } = this.#port;
    const connection = this.#connection!;
    if (typeof asked === 'string') return time.work.ask(() => connection.client.query(asked, values));
    if ('submit' in asked) return this.#fly(asked);
    if (connection.isPrepared) return Promise.resolve({ rows: [] });
    return time.work.ask(() => database.prepare(connection, asked));
  }

  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#release();
  }

  #fly(flight: Flight): void {
    const { time } = this.#port;
    // The first flight begins; what follows it, up to its end, belongs to the transaction.
    const isFirst = !this.#isInTransaction;
    this.#isInTransaction = true;
    const [before, after]: [Moment, Moment] = isFirst
      ? ['before load', 'after load']
      : ['before persist', 'after persist'];
    const leave = () => {
      if (this.#port.isDead() || this.#isEnded) return this.#release();
      if (this.#port.isFrozen()) return void time.after(20, leave);
      // Only one waits for a lock at a time: who comes next out of several would be Postgres's choice.
      if (isFirst && time.work.isBlocked) return void time.after(1, leave);
      if (this.#port.breaks(before)) return this.#break(flight);
      this.#send(flight, this.#port.delay(after), after);
    };
    const wait = this.#port.delay(before);
    if (wait === 0 && !(isFirst && time.work.isBlocked)) leave();
    else time.after(wait, leave);
  }

  #send(flight: Flight, delay: number, moment: Moment): void {
    const connection = this.#connection!;
    const { time, database } = this.#port;
    const isWaiting = () => database.isWaiting(connection.pid);
    void time.work
      .ask(() => ask(connection, flight), { isWaiting })
      .then(({ events, isVoid }) => {
        // Ended by now: a commit, a rollback, or an error, after which nothing is locked.
        if (!connection.isInTransaction) this.#isInTransaction = false;
        if (!connection.isInTransaction || isVoid) time.work.unblock();
        // One flight may be all of a commit: what has ended is stored, or never will be.
        const heard = connection.isInTransaction ? moment : 'after persist';
        const deliver = () => {
          if (this.#port.isDead() || this.#isEnded) return this.#release();
          if (this.#port.isFrozen()) return void time.after(20, deliver);
          if (this.#port.breaks(heard)) return this.#break(flight);
          for (const event of events) event(flight);
        };
        if (delay === 0) deliver();
        else time.after(delay, deliver);
      });
  }

  #break(flight: Flight): void {
    const error = new Error('Connection terminated unexpectedly');
    this.#release();
    flight.handleError(error);
    this.emit('error', error);
  }

  #release(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    this.#isEnded = true;
    const { time, database } = this.#port;
    const isWaiting = () => database.isWaiting(connection.pid);
    void time.work.ask(() => database.giveBack(connection), { isWaiting }).then(() => time.work.unblock());
  }
}

/** What Postgres said to a flight, to be told when it is heard. `isVoid`: an error ended its transaction. */
interface Answer {
  events: ((flight: Flight) => void)[];
  isVoid: boolean;
}

function ask(connection: RealConnection, flight: Flight): Promise<Answer> {
  const events: Answer['events'] = [];
  // A flight that begins nothing is a transaction of its own, over at its end.
  let isOpenAfter = connection.isInTransaction;
  connection.isInTransaction = true;
  return new Promise((resolve) => {
    connection.client.query({
      submit: (wire: unknown) => flight.submit(wire),
      handleDataRow: (message: unknown) => void events.push((to) => to.handleDataRow(message)),
      handleCommandComplete: (message: { text: string }) => {
        if (message.text === 'BEGIN') isOpenAfter = true;
        if (message.text === 'COMMIT' || message.text === 'ROLLBACK') isOpenAfter = false;
        events.push((to) => to.handleCommandComplete(message));
      },
      handleReadyForQuery: () => {
        events.push((to) => to.handleReadyForQuery());
        connection.isInTransaction = isOpenAfter;
        resolve({ events, isVoid: false });
      },
      handleError: (error: Error) => {
        events.push((to) => to.handleError(error));
        connection.isInTransaction = isOpenAfter;
        // An error is told before the locks are let go of; the answer to whatever follows it is not.
        const isOver = () => resolve({ events, isVoid: true });
        connection.client.query('').then(isOver, isOver);
      },
      handleRowDescription: () => undefined,
      handlePortalSuspended: () => undefined,
      handleEmptyQuery: () => undefined,
    } as unknown as pg.Submittable);
  });
}
