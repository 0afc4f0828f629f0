import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLogFile, readLogTail } from '../services/log-file.ts';
import { endProcess } from './end-process.ts';
import type { Living } from './keep-alive.ts';

/** A process of ours that says over its channel when it is ready. */
export interface Child extends Living {
  process: ChildProcess;
  /** The port that it said it listens on, if it said one. */
  port: number | undefined;
  leave(): Promise<void>;
}

/** A cold start compiles nothing, but may wait for a migration that another one runs. */
const READY_WITHIN_MS = 60_000;

export interface ChildOptions {
  /** Arguments of Node: flags, then the program. */
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** After this long without an end, it is killed: longer than it may take to leave. */
  graceMs: number;
  onSpawn?: (pid: number) => void;
  onExit?: (pid: number) => void;
}

/**
 * Starts a Node process, its output going to a log file, and waits for its `{type: 'ready', port?}`.
 *
 * @throws with the last lines of its log if it ends or is silent before that
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openLogFile(options.logFile);
  const child = spawn(process.execPath, options.args, {
    cwd: options.cwd,
    env: options.env,
    // A process group of its own: Ctrl-C must reach the launcher alone, or all would stop at once and in no order.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) options.onExit?.(child.pid);
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
  });
  if (child.pid !== undefined) options.onSpawn?.(child.pid);

  const outcome = await Promise.race([whenReady(child), ended]);
  if (typeof outcome === 'string') {
    child.kill('SIGKILL');
    throw new Error(`it ${outcome}. ${options.logFile} ends with:\n${await readLogTail(options.logFile)}`);
  }
  const pid = child.pid as number;
  const end = async (signal: NodeJS.Signals) => {
    await endProcess(pid, { signals: [signal], graceMs: options.graceMs });
    await ended;
  };
  return {
    pid,
    process: child,
    port: outcome.port,
    ended,
    // SIGINT: nobody takes over, as all of it ends. SIGTERM: others do.
    stop: () => end('SIGINT'),
    leave: () => end('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

function whenReady(child: ChildProcess): Promise<{ port: number | undefined } | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`was not ready within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
    timer.unref();
    const onMessage = (message: unknown) => {
      const { type, port } = (message ?? {}) as { type?: unknown; port?: unknown };
      if (type !== 'ready') return;
      clearTimeout(timer);
      child.off('message', onMessage);
      resolve({ port: typeof port === 'number' ? port : undefined });
    };
    child.on('message', onMessage);
  });
}
