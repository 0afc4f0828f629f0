import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

/** Any one number: two processes that migrate at once take turns. */
const MIGRATION_LOCK = 7_346_501;
const FOLDER = new URL('../migrations/', import.meta.url);

/** Anything that runs SQL: a pool, a client. */
export interface Queryable {
  query(sql: string): Promise<{ rows: unknown[] }>;
}

/** Names of all migrations that this version of the code brings, in order. */
export function listMigrations(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => file.slice(0, -'.sql'.length));
}

/** Migrations that the database has not had yet, in order. */
export async function pendingMigrations(db: Queryable): Promise<string[]> {
  const { rows } = await db.query(`select to_regclass('migration') is not null as exists`);
  if (!(rows as { exists: boolean }[])[0]?.exists) return listMigrations();
  const applied = (await db.query('select name from migration')).rows as { name: string }[];
  const names = new Set(applied.map(({ name }) => name));
  return listMigrations().filter((name) => !names.has(name));
}

/**
 * What a process calls before it serves.
 * @throws {Error} naming the command that migrates, where migrations are pending
 */
export async function requireMigrated(db: Queryable): Promise<void> {
  const pending = await pendingMigrations(db);
  if (pending.length === 0) return;
  throw new Error(`The database lacks ${pending.length} migration(s), from ${pending[0]} on. Run: npm run migrate`);
}

/**
 * Brings a database up to date, each migration in a transaction of its own, and analyzes it: plans made on empty tables
 * stay bad for as long as a connection lives.
 *
 * @returns the names of the migrations that were applied
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`create table if not exists migration (
      name text collate "C" primary key, applied_at timestamptz not null default current_timestamp)`);
    const pending = await pendingMigrations(client);
    for (const name of pending) await apply(client, name);
    if (pending.length > 0) await client.query('analyze');
    return pending;
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, name: string): Promise<void> {
  const sql = readFileSync(new URL(`${name}.sql`, FOLDER), 'utf8');
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into migration (name) values ($1)', [name]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`Migration ${name} failed`, { cause: error });
  }
}
