import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from '../processes/end-process.ts';
import { openLogFile, readLogTail } from './log-file.ts';

/** Loading an append-only file of some hundred megabytes takes seconds. */
const READY_WITHIN_MS = 60_000;

export interface RedisOptions {
  folder: string;
  logFile: string;
  port: number;
  /** Left out: none is asked for (tests). */
  password?: string;
  /** False where the data may be lost (tests): nothing is written to disk. */
  isDurable: boolean;
}

export interface RedisServer {
  pid: number;
  port: number;
  child: ChildProcess;
  url: string;
  stop(): Promise<void>;
}

/** The server program on the PATH: Redis, or its twin Valkey. */
export function findRedisProgram(path = process.env['PATH'] ?? ''): string | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of path.split(delimiter)) {
      const candidate = join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/**
 * Starts a Redis that keeps what it is told: append-only file, and `noeviction`, since a queue that loses keys under
 * memory pressure loses jobs.
 *
 * @throws with the last lines of its log if it does not come up
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const program = findRedisProgram();
  if (program === undefined) {
    throw new Error('Redis is needed: neither redis-server nor valkey-server is on the PATH. Or set REDIS_URL.');
  }
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The settings go by file: on the command line every user of the machine could read the password.
  const configFile = join(folder, 'server.conf');
  const lines = [
    `port ${options.port}`,
    'bind 127.0.0.1',
    'daemonize no',
    `dir "${folder}"`,
    'maxmemory-policy noeviction',
    'save ""',
    ...(options.isDurable ? ['appendonly yes', 'appendfsync everysec'] : ['appendonly no']),
    ...(options.password === undefined ? [] : [`requirepass ${options.password}`]),
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  const log = openLogFile(options.logFile);
  const child = spawn(program, [configFile], { cwd: folder, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', () => undefined);
  await waitUntilReady(child, options);
  const pid = child.pid as number;
  const login = options.password === undefined ? '' : `:${options.password}@`;
  return {
    pid,
    port: options.port,
    child,
    url: `redis://${login}127.0.0.1:${options.port}`,
    stop: async () => void (await endProcess(pid)),
  };
}

async function waitUntilReady(child: ChildProcess, options: RedisOptions): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error(`Redis did not start:\n${await readLogTail(options.logFile)}`);
    }
    if (await isOurServerReady(options, child.pid)) return;
    await delay(20);
  }
  await endProcess(child.pid as number);
  throw new Error(`Redis was not ready within ${READY_WITHIN_MS / 1000} s:\n${await readLogTail(options.logFile)}`);
}

/**
 * Whether our own server answers, over a bare socket: while its file is loading Redis answers `-LOADING`, which is not
 * ready; and whoever took the port before ours could is another process.
 */
function isOurServerReady({ port, password }: RedisOptions, pid: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const finish = (isReady: boolean) => {
      socket.destroy();
      done(isReady);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('connect', () => {
      const login = password === undefined ? '' : `AUTH ${password}\r\n`;
      socket.write(`${login}PING\r\nINFO server\r\n`);
    });
    socket.on('data', (bytes) => {
      answer += bytes.toString();
      if (/(^|\n)-/.test(answer)) return finish(false);
      const owner = /process_id:(\d+)\r/.exec(answer)?.[1];
      if (owner !== undefined) finish(answer.includes('+PONG') && Number(owner) === pid);
    });
  });
}
