import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findAnyPort } from '../services/ports.ts';
import { getPostgresUser, postgresCommand } from '../services/postgres-user.ts';

const DEBIAN = '/usr/lib/postgresql';
const BREW = ['/opt/homebrew', '/usr/local'].map((prefix) => join(prefix, 'opt', 'postgresql@15', 'bin'));
const OLDEST = 15;
const READY_WITHIN_MS = 30_000;

export interface SystemPostgres {
  major: number;
  url(database: string): string;
  stop(): Promise<void>;
}

/**
 * The oldest Postgres that the system has as a package: its programs come with pg_dump, which the embedded one lacks.
 * @throws where there is none: `npm test` installs one
 */
export function getSystemPostgres(): { major: number; bin: string } {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const folders = [...debian, ...(process.env['PATH'] ?? '').split(delimiter), ...BREW];
  const found = folders.flatMap((bin) => {
    const isWhole = ['postgres', 'initdb', 'pg_dump', 'pg_restore'].every((program) => existsSync(join(bin, program)));
    const { stdout } = isWhole ? spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }) : { stdout: '' };
    const major = Number(/\) (\d+)/.exec(stdout)?.[1]);
    return major >= OLDEST ? [{ major, bin }] : [];
  });
  const [first] = found.sort((a, b) => a.major - b.major);
  if (first === undefined) throw new Error('This test needs a Postgres of the system, 15 or newer, with its programs.');
  return first;
}

/** Starts it on a free port, in a folder that goes with it, with everything off that only matters after a power cut. */
export async function startSystemPostgres({ major, bin }: { major: number; bin: string }): Promise<SystemPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-system-postgres-'));
  const cluster = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  mkdirSync(cluster, { mode: 0o700 });
  writeFileSync(passwordFile, 'test\n', { mode: 0o600 });
  const user = getPostgresUser();
  if (user) for (const path of [folder, cluster, passwordFile]) chownSync(path, user.uid, user.gid);
  const initdb = postgresCommand(
    user,
    join(bin, 'initdb'),
    [
      ...[`--pgdata=${cluster}`, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ...['--encoding=UTF8', '--locale=C', '--no-sync'],
    ],
    folder,
  );
  const made = spawnSync(initdb.file, initdb.args, { ...asUser(initdb), cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await findAnyPort();
  const settings = ['fsync=off', 'full_page_writes=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const flags = settings.flatMap((setting) => ['-c', setting]);
  const server = postgresCommand(user, join(bin, 'postgres'), ['-D', cluster, '-p', String(port), ...flags], folder);
  const child = spawn(server.file, server.args, { ...asUser(server), cwd: '/', stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = (database: string): string => `postgresql://postgres:test@127.0.0.1:${port}/${database}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGQUIT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + READY_WITHIN_MS; ; await delay(50)) {
    if (await answers(url('postgres'))) return { major, url, stop };
    if (child.exitCode !== null || Date.now() > deadline) break;
  }
  await stop();
  throw new Error(`Postgres ${major} did not come up`);
}

const asUser = ({ uid, gid }: { uid?: number; gid?: number }) =>
  uid === undefined || gid === undefined ? {} : { uid, gid };

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
