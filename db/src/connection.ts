import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { DB } from './schema.generated.ts';

export type Database = Kysely<DB>;

/** Statement texts that a connection keeps plans for. Texts with lists of varying length must not fill its memory. */
const NAMED_STATEMENTS = 500;
const names = new Map<string, string>();

function nameOf(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < NAMED_STATEMENTS) {
    name = `s${names.size}`;
    names.set(text, name);
  }
  return name;
}

/** int8 as a number (all of ours stay below 2^53), the rest as pg reads it. */
const INT8 = 20;
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/** Kysely names no statement, so Postgres would plan each anew: this client names every text that has parameters. */
export class NamingClient extends pg.Client {
  // @ts-expect-error pg's overloads cannot be restated; arguments and result pass through untouched
  override query(config: unknown, values?: unknown, callback?: unknown): unknown {
    if (typeof config === 'string' && Array.isArray(values)) {
      const name = nameOf(config);
      if (name !== undefined) return super.query({ text: config, values, name } as never, callback as never);
    }
    return super.query(config as never, values as never, callback as never);
  }
}

export interface ConnectionOptions {
  connectionString: string;
  /** Seen in pg_stat_activity. */
  application_name?: string;
  /** Run-time settings, such as `-c plan_cache_mode=force_generic_plan`. */
  options?: string;
}

/**
 * What all our connections have in common. `sslmode` means what it means to psql (`require` encrypts, `verify-full`
 * also checks the certificate).
 */
export function connectionConfig({ connectionString, ...rest }: ConnectionOptions): pg.ClientConfig {
  const url = new URL(connectionString);
  if (url.searchParams.has('sslmode') && !url.searchParams.has('uselibpqcompat')) {
    url.searchParams.set('uselibpqcompat', 'true');
  }
  return { connectionString: url.href, types, keepAlive: true, connectionTimeoutMillis: 10_000, ...rest };
}

export interface PoolOptions extends ConnectionOptions {
  /** Most connections at once. */
  max: number;
  /** A connection died, waiting or in use: it is replaced by itself, this is for the log. */
  onError?: (error: Error) => void;
}

/**
 * A pool of naming clients. It listens for errors: without that, a pool's process dies with the server. The pool itself
 * listens only while a connection waits in it, so each connection is listened to for as long as it lives: one that is
 * used may die between two statements, and then no query is there to be told.
 */
export function createPool({ max, onError, ...rest }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(rest),
    max,
    // pg's type wants exactly its own class; any subclass will do.
    Client: NamingClient as unknown as typeof pg.Client,
  } as pg.PoolConfig);
  pool.on('connect', (client) => client.on('error', (error) => onError?.(error)));
  pool.on('error', () => undefined);
  return pool;
}

/** Kysely over a pool. Destroying it ends the pool. */
export function createDatabase(pool: pg.Pool): Database {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
