import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { erasePerson } from '@muster/db/care/erase-person';
import { createCommit } from '@muster/db/commit/create-commit';
import { createPool } from '@muster/db/connection';
import { listMigrations, migrate } from '@muster/db/migrate';
import type pg from 'pg';
import { UsageError } from '../launch/options.ts';
import { stampOf, verifyBackup } from './back-up.ts';
import { listErasedBeside, readNote } from './backup-note.ts';
import { inDatabase, nameOfDatabase } from './find-database.ts';
import { findTools, readServerMajor, runTool, type PostgresTools } from './postgres-tools.ts';
import { swapDatabases } from './swap.ts';
import { withPostgres } from './with-postgres.ts';

/** Any one number: two restores on one server take turns. */
const RESTORE_LOCK = 7_346_502;
/** A note's time is that of the command, and pg_dump's moment comes a little later. */
const NOTE_MS = 60_000;

export interface RestoreOptions {
  url: string;
  file: string;
  /** Also where the database has work that is newer than the backup. */
  isForced: boolean;
  env: Record<string, string | undefined>;
  now: Date;
  say: (line: string) => void;
}

export interface Restored {
  /** When the backup was made, or its last change. */
  madeAt: Date;
  /** The database that was in its place; undefined where there was none. */
  aside: string | undefined;
  /** People who were erased again. */
  erased: number;
  migrations: string[];
  logEpoch: string;
}

/**
 * Puts a backup in the place of the database, under gateways, workers and clients that go on. It is made ready beside
 * (migrated, people erased since taken out again, a new logEpoch) and then swapped in at once. The database that was
 * there is kept under another name.
 *
 * @throws {UsageError} where it cannot or should not be done, in one line
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { url, now, say } = options;
  const file = resolve(options.file);
  if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  const live = nameOfDatabase(url);
  const maintenanceUrl = inDatabase(url, 'postgres');
  return withPostgres(maintenanceUrl, async (client) => {
    const tools = findTools(await readServerMajor(client), options.env);
    await verifyBackup(tools.pgRestore, file).catch((error: Error) => {
      throw new UsageError(`${file} cannot be restored here: ${error.message.split('\n').at(-1)}`, { cause: error });
    });
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [RESTORE_LOCK]);
    if (rows[0]?.got !== true) throw new UsageError('Another restore is under way on this server.');
    const before = await lookAtLive(client, url, live);
    const note = readNote(file);
    // Told before the work where it is plain; what the backup really holds is compared once it is loaded.
    if (note) refuseToLose(before, Date.parse(note.madeAt) + NOTE_MS, new Date(note.madeAt), options);
    const stamp = `${stampOf(now)}-${String(now.getMilliseconds()).padStart(3, '0')}`;
    const next = `${live}_restoring_${stamp}`;
    await dropLeftovers(client, live);
    await client.query(`create database "${next}" template template0`);
    const nextUrl = inDatabase(url, next);
    try {
      const ready = await makeReady(tools, file, nextUrl, before);
      const madeAt = new Date(note?.madeAt ?? ready.lastChangeAt);
      refuseToLose(before, ready.lastChangeAt, madeAt, options);
      say(`The backup is of ${describe(madeAt, now)}, and ready in a database beside.`);
      const aside = before.isThere ? `${live}_before_${stamp}` : undefined;
      await swapDatabases(maintenanceUrl, { live, next, aside });
      const { erased, migrations, logEpoch } = ready;
      return { madeAt, aside, erased, migrations, logEpoch };
    } catch (error) {
      await client.query(`drop database if exists "${next}" with (force)`);
      throw error;
    }
  });
}

/** `2026-11-21 14:02 (3 hours ago)` */
export function describe(date: Date, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - date.getTime()) / 60_000));
  const [count, unit] =
    minutes < 120 ? [minutes, 'minute'] : minutes < 2_880 ? [minutes / 60, 'hour'] : [minutes / 1_440, 'day'];
  const age = `${Math.round(count)} ${unit}${Math.round(count) === 1 ? '' : 's'} ago`;
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC (${age})`;
}

interface Live {
  isThere: boolean;
  lastChangeAt: number;
  erased: string[];
}

/** What only the database that is about to be replaced knows: who was erased since, and what would be lost. */
async function lookAtLive(client: pg.Client, url: string, live: string): Promise<Live> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [live]);
  if (rowCount === 0) return { isThere: false, lastChangeAt: 0, erased: [] };
  return withPostgres(url, async (own) => {
    const has = async (table: string): Promise<boolean> =>
      (await own.query<{ found: string | null }>('select to_regclass($1)::text as found', [table])).rows[0]?.found !==
      null;
    const erased = (await has('public.erasure'))
      ? (await own.query<{ id: string }>('select principal_id as id from erasure')).rows
      : [];
    return {
      isThere: true,
      lastChangeAt: (await has('public.scope')) ? await readLastChange(own) : 0,
      erased: erased.map(({ id }) => id),
    };
  });
}

async function readLastChange(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>('select coalesce(max(head_at), 0) as at from scope');
  return rows[0]?.at ?? 0;
}

/** @throws {UsageError} where the database holds changes later than `heldUntil` */
function refuseToLose(
  { lastChangeAt }: Live,
  heldUntil: number,
  madeAt: Date,
  { isForced, now }: Pick<RestoreOptions, 'isForced' | 'now'>,
): void {
  if (isForced || lastChangeAt <= heldUntil) return;
  throw new UsageError(
    `The database has work that is newer than the backup of ${describe(madeAt, now)}: its last change is of ` +
      `${describe(new Date(lastChangeAt), now)}. Run it again with --force; the database of now is kept beside.`,
  );
}

/** Databases of restores that were killed: the lock says that none is at work. */
async function dropLeftovers(client: pg.Client, live: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select datname as name from pg_database where starts_with(datname, $1)',
    [`${live}_restoring_`],
  );
  for (const { name } of rows) await client.query(`drop database if exists "${name}" with (force)`);
}

/** Loads the backup and brings it to where it may be seen. Nothing is connected to it when this returns. */
async function makeReady(tools: PostgresTools, file: string, url: string, before: Live) {
  await runTool(tools.pgRestore, ['--exit-on-error', '--no-owner', '--no-privileges', file], url);
  const { lastChangeAt, erasedThen } = await withPostgres(url, async (client) => {
    await refuseNewer(client);
    const { rows } = await client.query<{ found: string | null }>(`select to_regclass('erasure')::text as found`);
    return {
      lastChangeAt: await readLastChange(client),
      erasedThen: rows[0]?.found
        ? (await client.query<{ id: string }>('select principal_id as id from erasure')).rows.map(({ id }) => id)
        : [],
    };
  });
  const migrations = await migrate(url);
  const erased = new Set([...before.erased, ...listErasedBeside(file), ...erasedThen]);
  await eraseAgain(url, [...erased].sort());
  const logEpoch = await withPostgres(url, async (client) => {
    const { rows } = await client.query<{ epoch: string }>(
      'update log_epoch set epoch = gen_random_uuid()::text returning epoch',
    );
    await client.query('analyze');
    return rows[0]?.epoch ?? '';
  });
  return { lastChangeAt, migrations, erased: erased.size, logEpoch };
}

/** @throws {UsageError} where a later version of Muster wrote it */
async function refuseNewer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select name from migration');
  const known = new Set(listMigrations());
  const unknown = rows.find(({ name }) => !known.has(name));
  if (unknown !== undefined) {
    throw new UsageError(`The backup is of a newer version of Muster (${unknown.name}): restore it with that one.`);
  }
}

/** A backup has them as they were: they are taken out before anyone sees it. */
async function eraseAgain(url: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const pool = createPool({ connectionString: url, max: 2, application_name: 'muster-database' });
  const commit = createCommit({ databaseUrl: url, pool, publish: () => undefined });
  try {
    for (const id of ids) await erasePerson({ pool, commit }, id);
  } finally {
    await commit.close();
    await pool.end();
  }
}
