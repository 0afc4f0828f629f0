import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from '../processes/end-process.ts';
import { keepAlive, type KeptAlive, type Living } from '../processes/keep-alive.ts';
import type { Ledger } from '../processes/ledger.ts';
import { openLogFile, readLogTail } from '../services/log-file.ts';

const READY_WITHIN_MS = 60_000;

/**
 * Vite's development server for the page, with hot reload. It stands in front and passes the API and the sockets on
 * to the gateways' door (`MUSTER_API`, read by the page's Vite settings).
 */
export async function runPageServer({
  root,
  data,
  ledger,
  say,
  port,
  apiPort,
}: {
  root: string;
  data: string;
  ledger: Ledger;
  say: (line: string) => void;
  port: number;
  apiPort: number;
}): Promise<KeptAlive<Living>> {
  const logFile = join(data, 'logs', 'page.log');
  return keepAlive({
    name: "The page's server",
    say,
    start: async () => {
      const log = openLogFile(logFile);
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
      const args = [
        vite,
        'dev',
        '--port',
        String(port),
        '--strictPort',
        '--host',
        'localhost',
        '--clearScreen',
        'false',
      ];
      const child = spawn(process.execPath, args, {
        cwd: join(root, 'web'),
        env: { ...process.env, NODE_ENV: 'development', MUSTER_API: `http://127.0.0.1:${apiPort}` },
        detached: true,
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const pid = child.pid;
      if (pid === undefined) throw new Error('Vite could not be started');
      ledger.add(pid);
      const ended = new Promise<string>((resolve) =>
        child.once('exit', (code, signal) => {
          ledger.remove(pid);
          resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
        }),
      );
      const early = await Promise.race([ended, answers(port)]);
      if (early !== undefined) throw new Error(`${early}:\n${await readLogTail(logFile)}`);
      return {
        pid,
        ended,
        stop: async () => void (await endProcess(pid, { graceMs: 3_000 })),
        kill: () => void child.kill('SIGKILL'),
      };
    },
  });
}

async function answers(port: number): Promise<undefined | string> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    try {
      await fetch(`http://localhost:${port}/`);
      return undefined;
    } catch {
      await delay(50);
    }
  }
  return `did not answer within ${READY_WITHIN_MS / 1000} s`;
}
