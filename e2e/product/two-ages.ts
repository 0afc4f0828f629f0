import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createClient } from '@muster/client/client';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import type { ClientOptions, MusterClient } from '@muster/client/types';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { createTestRedis } from '@muster/testing/redis';
import pg from 'pg';
import { unpackRelease } from './released.ts';

/** Of the last release, or of the present. */
export type Age = 'old' | 'new';
export const AGES = ['old', 'new'] as const;

interface ClientLibrary {
  createClient: typeof createClient;
  createIndexedDbStorage: typeof createIndexedDbStorage;
}

const READY_WITHIN_MS = 30_000;
const GRACE_MS = 20_000;

export interface Running {
  child: ChildProcess;
  url: string;
  /** SIGTERM, as a rollout sends it. @returns its exit code */
  leave(): Promise<number | null>;
}

/** Processes and clients of the last release beside those of the present, on one Postgres and one Redis. */
export class TwoAges {
  readonly #database: TestDatabase;
  readonly #env: NodeJS.ProcessEnv;
  readonly #programs = unpackRelease();
  readonly #library: Record<Age, ClientLibrary>;
  readonly #children = new Set<Running>();
  readonly #clients = new Set<MusterClient>();
  readonly #doors: Server[] = [];

  private constructor(database: TestDatabase, old: ClientLibrary) {
    this.#database = database;
    const { url, prefix } = createTestRedis();
    this.#env = {
      ...{ PATH: process.env['PATH'], NODE_ENV: 'test', LOG_LEVEL: 'error', SECRET: 's'.repeat(40) },
      ...{ DATABASE_URL: database.url, REDIS_URL: url, REDIS_PREFIX: prefix },
      ...{ RATE_LIMITS: 'off', DRAIN_MS: '2000', ASSISTANT_WORDS_PER_SECOND: '25' },
    };
    this.#library = { old, new: { createClient, createIndexedDbStorage } };
  }

  static async create(): Promise<TwoAges> {
    const old = (await import(unpackRelease().client)) as ClientLibrary;
    return new TwoAges(await createTestDatabase(), old);
  }

  gateway(age: Age): Promise<Running> {
    return this.#start(age === 'old' ? this.#programs.gateway : import.meta.resolve('@muster/gateway/main'));
  }

  worker(age: Age): Promise<Running> {
    return this.#start(age === 'old' ? this.#programs.worker : import.meta.resolve('@muster/worker/main'));
  }

  /** Stopped with the rest. */
  async client(age: Age, options: ClientOptions): Promise<MusterClient> {
    const client = this.#library[age].createClient(options);
    this.#clients.add(client);
    await client.start();
    return client;
  }

  /** A browser's store, by the program of its age. */
  storage(age: Age, name: string): NonNullable<ClientOptions['storage']> {
    return this.#library[age].createIndexedDbStorage(name);
  }

  /** One address whose newcomers are sent to whichever `target` says, like the front of a product that is rolled out. */
  async door(first: string): Promise<{ url: string; lead(to: string): void }> {
    let target = first;
    const door = createServer((socket) => {
      const inner = connect(Number(new URL(target).port), '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const one of [socket, inner]) one.on('error', () => [socket, inner].forEach((end) => end.destroy()));
    });
    this.#doors.push(door);
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    return {
      url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
      lead: (to) => void (target = to),
    };
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client(this.#database.url);
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(client: MusterClient): Promise<void> {
    this.#clients.delete(client);
    await client.stop();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.stop()));
    await Promise.all([...this.#children].map((running) => running.leave()));
    for (const door of this.#doors) door.close();
    await this.#database.drop();
  }

  async #start(program: string): Promise<Running> {
    const child = fork(program.startsWith('file:') ? new URL(program) : program, [], {
      env: this.#env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [message] = (await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN_MS) }),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${program} ended with ${code}`);
      }),
    ])) as [{ type: 'ready'; port?: number }];
    const running: Running = {
      child,
      url: `http://127.0.0.1:${message.port}`,
      leave: async () => {
        this.#children.delete(running);
        if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
        const [code] = (await exit) as [number | null];
        clearTimeout(kill);
        return code;
      },
    };
    this.#children.add(running);
    return running;
  }
}
