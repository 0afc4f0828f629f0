import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type pg from 'pg';
import { UsageError } from '../launch/options.ts';

/** Where Debian and its like keep the programs of each version, on the path or not. */
const DEBIAN = '/usr/lib/postgresql';
const LIBPQ_UNKNOWN = ['uselibpqcompat'];

export interface PostgresTools {
  pgDump: string;
  pgRestore: string;
}

/** The major version of a server. */
export async function readServerMajor(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return Math.floor((rows[0]?.version ?? 0) / 10_000);
}

/**
 * pg_dump and pg_restore of the server's own major version: an older pg_dump refuses the server, and what a newer one
 * writes an older server may not understand.
 *
 * @param env PATH is searched, after the folder of PG_BIN
 * @throws {UsageError} one line that says what was found and what is needed
 */
export function findTools(major: number, env: Record<string, string | undefined>): PostgresTools {
  const found: string[] = [];
  for (const folder of listFolders(env)) {
    const pgDump = join(folder, 'pg_dump');
    const pgRestore = join(folder, 'pg_restore');
    if (!existsSync(pgDump) || !existsSync(pgRestore)) continue;
    const versions = [pgDump, pgRestore].map(readVersion);
    if (versions.every((version) => version === major)) return { pgDump, pgRestore };
    if (versions[0] !== undefined) found.push(`${versions[0]} in ${folder}`);
  }
  const others = found.length === 0 ? 'there is none' : `there is ${found.join(', ')}`;
  throw new UsageError(
    `The server is Postgres ${major}, and needs pg_dump and pg_restore of that version (${others}). ` +
      `Install its client programs (Debian: postgresql-client-${major}), or set PG_BIN to the folder that has them.`,
  );
}

function listFolders(env: Record<string, string | undefined>): string[] {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const path = (env['PATH'] ?? '').split(delimiter);
  return [...new Set([env['PG_BIN'] ?? '', ...path, ...debian])].filter((folder) => folder !== '');
}

/** `pg_dump (PostgreSQL) 15.12 (Debian 15.12-1)` → 15 */
function readVersion(program: string): number | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /\) (\d+)/.exec(stdout ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/**
 * Runs one of them on a database. The password goes by the environment: arguments are seen by everyone on the machine.
 * @returns what it printed
 * @throws {Error} with its last lines where it failed
 */
export function runTool(program: string, args: string[], url?: string): Promise<string> {
  const connection: string[] = [];
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C' };
  if (url !== undefined) {
    const bare = new URL(url);
    if (bare.password !== '') env['PGPASSWORD'] = decodeURIComponent(bare.password);
    bare.password = '';
    for (const name of LIBPQ_UNKNOWN) bare.searchParams.delete(name);
    connection.push(`--dbname=${bare.href}`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...connection, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let faults = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (faults = (faults + text).slice(-4_000)));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(faults.trim() || `${program} ended with code ${code}`));
    });
  });
}
