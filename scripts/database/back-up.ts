import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../launch/options.ts';
import { writeNote } from './backup-note.ts';
import type { FoundDatabase } from './find-database.ts';
import { findTools, readServerMajor, runTool } from './postgres-tools.ts';
import { withPostgres } from './with-postgres.ts';

export interface BackUpOptions {
  database: FoundDatabase;
  out?: string | undefined;
  env: Record<string, string | undefined>;
  now: Date;
}

/** `2026-11-21T14:02:03.004Z` → `20261121-140203` */
export const stampOf = (date: Date): string =>
  date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/**
 * Writes a backup of a database that may be at work: one moment of it, in Postgres's custom format. It lies aside until it
 * was read back whole, and then takes its name: a file with that name is a backup that can be restored.
 *
 * @returns the file, and its size
 * @throws {UsageError} where it cannot be done here, in one line
 */
export async function backUp({ database, out, env, now }: BackUpOptions): Promise<{ file: string; bytes: number }> {
  const file = resolve(out ?? join(database.backups, `muster-${stampOf(now)}.dump`));
  if (existsSync(file)) throw new UsageError(`${file} is there already: name another file.`);
  const { major, logEpoch, erased } = await withPostgres(database.url, async (client) => ({
    major: await readServerMajor(client),
    logEpoch: (await client.query<{ epoch: string }>('select epoch from log_epoch')).rows[0]?.epoch ?? '',
    erased: (await client.query<{ id: string }>('select principal_id as id from erasure order by 1')).rows,
  }));
  const { pgDump, pgRestore } = findTools(major, env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.making`;
  // It holds everything that anyone wrote: for its owner alone, from its first byte on.
  rmSync(aside, { force: true });
  closeSync(openSync(aside, 'wx', 0o600));
  try {
    await runTool(pgDump, ['--format=custom', '--no-owner', '--no-privileges', `--file=${aside}`], database.url);
    await verifyBackup(pgRestore, aside);
    sync(aside);
    writeNote(file, { madeAt: now.toISOString(), postgres: major, logEpoch, erased: erased.map(({ id }) => id) });
    renameSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
  return { file, bytes: statSync(file).size };
}

/**
 * Reads a backup whole: its list must name the log, and every block must be readable.
 * @throws {Error} with the program's own words
 */
export async function verifyBackup(pgRestore: string, file: string): Promise<string> {
  const list = await runTool(pgRestore, ['--list', file]);
  for (const table of ['change', 'scope', 'task', 'log_epoch']) {
    if (!list.includes(` TABLE DATA public ${table} `)) throw new Error(`it holds no table "${table}"`);
  }
  await runTool(pgRestore, [`--file=${devNull}`, file]);
  return list;
}

function sync(file: string): void {
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}
