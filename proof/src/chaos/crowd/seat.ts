import { createClient } from '@muster/client/client';
import { createMemoryStorage, type MemoryDisk } from '@muster/client/memory-storage';
import { socketIoTransport } from '@muster/client/socket-io';
import type { MusterClient, StoragePort } from '@muster/client/types';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import { Life, mortalClock, mortalStorage, mortalTransport } from './mortal.ts';
import type { Recorder } from './recorder.ts';
import { recordingTransport } from './recording-transport.ts';
import { Consent } from './consent.ts';
import { RunWatcher } from './run-watcher.ts';

export interface SeatOptions {
  name: string;
  userId: string;
  token: string;
  url: string;
  disk: MemoryDisk;
  recorder: Recorder;
}

/** Where a seat stands: how far each scope is that it follows. */
export interface SeatState {
  seat: string;
  userId: string;
  connection: string;
  pending: number;
  isBehind: boolean;
  seqs: Record<string, number>;
}

const THREADS_OPEN = 2;

/** A person at a client of the product, through all the lives of one tab. */
export class Seat {
  readonly options: SeatOptions;
  client: MusterClient;
  storage: StoragePort;
  /** Beats of the server, over all connections. */
  beats = 0;
  tamper: ((event: string, data: unknown) => unknown) | undefined;
  #life = new Life();
  #runs: RunWatcher;
  #consent: Consent;
  #reloading: Promise<void> = Promise.resolve();
  readonly #threads = new Map<ScopeId, { close(): void }>();

  constructor(options: SeatOptions) {
    this.options = options;
    ({ client: this.client, storage: this.storage, runs: this.#runs, consent: this.#consent } = this.#create());
  }

  get name(): string {
    return this.options.name;
  }

  get userId(): string {
    return this.options.userId;
  }

  start(): Promise<void> {
    return this.client.start();
  }

  /** Ends this life of the tab and begins the next one on the same disk. @param isCrash without a word, as by kill -9 */
  reload(isCrash: boolean): Promise<void> {
    // One after the other: a life that nobody ends would go on beside the next one.
    return (this.#reloading = this.#reloading.then(() => this.#reload(isCrash)));
  }

  async #reload(isCrash: boolean): Promise<void> {
    this.#runs.close();
    this.#threads.clear();
    if (isCrash) this.#life.end();
    else await this.client.stop();
    this.#life = new Life();
    ({ client: this.client, storage: this.storage, runs: this.#runs, consent: this.#consent } = this.#create());
    await this.client.start();
  }

  async stop(): Promise<void> {
    this.#runs.close();
    await this.client.stop();
  }

  /** @throws what the client foresees; nothing is queued then */
  mutate<N extends CommandName>(name: N, args: CommandArgs<N>): string {
    return this.client.mutate(name, args).nonce;
  }

  /** The lists that it is a member of and has content of. */
  lists(): ScopeId[] {
    return this.client
      .all(scopeOf('user', this.userId), 'membership')
      .map(({ id }) => scopeOf('list', id))
      .filter((scope) => this.client.scopeState(scope).state === 'open');
  }

  /** Looks at some conversations, leaves those that are gone, watches the runs in them, and answers what they ask. */
  tend(pick: <T>(from: readonly T[]) => T | undefined): void {
    for (const [scope, handle] of this.#threads) {
      const { state } = this.client.scopeState(scope);
      if (state !== 'gone' && state !== 'error') continue;
      handle.close();
      this.#threads.delete(scope);
    }
    const all = this.lists().flatMap((list) => this.client.all(list, 'thread').map(({ id }) => scopeOf('thread', id)));
    const scope = pick(all.filter((one) => !this.#threads.has(one)));
    if (scope && this.#threads.size < THREADS_OPEN) {
      const handle = this.client.open(scope);
      handle.ready.catch(() => undefined);
      this.#threads.set(scope, handle);
    }
    this.#runs.look(this.threads());
    this.#consent.look(this.threads(), pick);
  }

  /** Conversations that it looks at and may see. */
  threads(): ScopeId[] {
    return [...this.#threads.keys()].filter((scope) => this.client.scopeState(scope).state === 'open');
  }

  /** Runs whose words come to it right now. */
  reading(): string[] {
    return this.#runs.reading();
  }

  /** Scopes that it should hold at rest, by what it knows itself. */
  state(): SeatState {
    const { connection, pending, isBehind } = this.client.status;
    const followed = [
      scopeOf('user', this.userId),
      ...this.client.all(scopeOf('user', this.userId), 'membership').map(({ id }) => scopeOf('list', id)),
      ...this.threads(),
    ];
    const seqs: Record<string, number> = {};
    for (const scope of followed) {
      const held = this.client.scopeState(scope);
      seqs[scope] = held.state === 'open' ? held.seq : -1;
    }
    return { seat: this.name, userId: this.userId, connection, pending, isBehind, seqs };
  }

  /** Writes what is known of texts that are still being read. */
  settle(): void {
    this.#runs.settle();
  }

  #create() {
    const { name, userId, token, url, disk, recorder } = this.options;
    const life = this.#life;
    recorder.note({ k: 'seat', seat: name, userId });
    const storage = createMemoryStorage(disk);
    const wire = recordingTransport(socketIoTransport, {
      ...{ recorder, seat: name },
      beat: () => (this.beats += 1),
      tamper: (event, data) => (this.tamper ? this.tamper(event, data) : data),
    });
    const client = createClient({
      ...{ url, token, clock: mortalClock(life), transport: mortalTransport(wire, life) },
      storage: mortalStorage(storage, life, ({ nonce, name: command }) =>
        recorder.note({ k: 'kept', seat: name, at: Date.now(), nonce, name: command }),
      ),
    });
    client.on('rejected', ({ nonce, error: { code } }) => {
      if (!life.isOver) recorder.note({ k: 'refused', seat: name, nonce, code });
    });
    const runs = new RunWatcher({ client, recorder, seat: name, isOver: () => life.isOver });
    return { client, storage, runs, consent: new Consent(client) };
  }
}

export const listIdOf = (scope: ScopeId): string => parseScope(scope).id;
