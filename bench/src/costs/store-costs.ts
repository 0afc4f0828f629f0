import { readFileSync } from 'node:fs';
import { createDatabase, createPool } from '@muster/db/connection';
import { createFeedRepository } from '@muster/db/repositories/feed.repository';
import type { ScopeId } from '@muster/protocol/id';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Stores } from '../product/stores.ts';

export interface StoreUse {
  redisMicros: number;
  postgresMicros: Map<number, number>;
  walBytes: number;
}

/** What the stores spend while something is done. */
export class StoreCosts {
  readonly #redis: Redis;
  readonly #postgres: pg.Client;

  private constructor(redis: Redis, postgres: pg.Client) {
    this.#redis = redis;
    this.#postgres = postgres;
  }

  static async connect(stores: Stores, databaseUrl: string): Promise<StoreCosts> {
    const postgres = new pg.Client(databaseUrl);
    await postgres.connect();
    return new StoreCosts(new Redis(stores.redisUrl), postgres);
  }

  /** CPU so far, in microseconds, of Postgres by its processes; and bytes written ahead. */
  async read(): Promise<StoreUse> {
    const info = await this.#redis.info('cpu');
    const seconds = (name: string) => Number(new RegExp(`used_cpu_${name}:(\\S+)`).exec(info)?.[1]);
    const { rows } = await this.#postgres.query<{ pids: number[]; wal: string }>(
      `select array_agg(pid) as pids, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal
       from pg_stat_activity where pid <> pg_backend_pid()`,
    );
    const { pids, wal } = rows[0]!;
    return {
      redisMicros: (seconds('sys') + seconds('user')) * 1e6,
      postgresMicros: new Map(pids.map((pid) => [pid, microsOf(pid)])),
      walBytes: Number(wal),
    };
  }

  /** What a change holds of the disk once it is in the log, its indexes with it, in bytes. */
  async storedBytes(): Promise<number> {
    const { rows } = await this.#postgres.query<{ bytes: string }>(
      `select pg_total_relation_size('change')::float / greatest(1, (select count(*) from change)) as bytes`,
    );
    return Number(rows[0]!.bytes);
  }

  async redisBytes(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await this.#redis.info('memory'))?.[1]);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#postgres.end();
  }
}

/** Between two looks; processes that have come or gone meanwhile are left out, they have done little. */
export function usedBetween(before: StoreUse, after: StoreUse) {
  let postgresMicros = 0;
  for (const [pid, micros] of after.postgresMicros) {
    const was = before.postgresMicros.get(pid);
    if (was !== undefined) postgresMicros += micros - was;
  }
  return {
    redisMicros: after.redisMicros - before.redisMicros,
    postgresMicros,
    walBytes: after.walBytes - before.walBytes,
  };
}

/** The scheduler's own count, in nanoseconds: the hundredths of a second in `stat` are too coarse for what is idle mostly. */
function microsOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    return 0;
  }
}

/** What comparing one head takes Postgres and the way there, in microseconds, asked for by the thousand as gateways do. */
export async function headMicros(databaseUrl: string, rounds: number): Promise<number> {
  const pool = createPool({ connectionString: databaseUrl, max: 1 });
  try {
    const { rows } = await pool.query<{ id: ScopeId }>('select id from scope limit 1000');
    const feed = createFeedRepository(createDatabase(pool));
    const scopes = rows.map(({ id }) => id);
    await feed.readPositions(scopes, []);
    const began = performance.now();
    for (let round = 0; round < rounds; round++) await feed.readPositions(scopes, []);
    return ((performance.now() - began) * 1_000) / rounds / scopes.length;
  } finally {
    await pool.end();
  }
}
