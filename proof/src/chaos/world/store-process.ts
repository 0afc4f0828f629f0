import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

interface Started {
  pid: number;
  stop(): Promise<void>;
}

/** Postgres or Redis: it keeps its port and its folder over every death. */
export class StoreProcess {
  readonly name: string;
  readonly #start: () => Promise<Started>;
  #server: Started | undefined;
  #starting: Promise<Started> | undefined;
  #frozen: number[] = [];
  #busy: Promise<unknown> = Promise.resolve();

  constructor(name: string, start: () => Promise<Started>) {
    this.name = name;
    this.#start = start;
  }

  async start(): Promise<void> {
    this.#starting = this.#start();
    this.#server = await this.#starting;
  }

  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(act);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** @returns how long it was away */
  async kill(awayMs: number): Promise<number> {
    const since = performance.now();
    if (this.#server) signal(this.#server.pid, 'SIGKILL');
    await delay(awayMs);
    await this.start();
    return performance.now() - since;
  }

  async restart(): Promise<number> {
    const since = performance.now();
    await this.#server?.stop();
    await this.start();
    return performance.now() - since;
  }

  /** With those that it started: a backend of Postgres is a process of its own. */
  async freeze(forMs: number): Promise<void> {
    const pid = this.#server?.pid;
    if (pid === undefined) return;
    // The parent first, so that no child comes after the count.
    signal(pid, 'SIGSTOP');
    this.#frozen = [pid, ...childrenOf(pid)];
    for (const one of this.#frozen) signal(one, 'SIGSTOP');
    await delay(forMs);
    this.thaw();
  }

  thaw(): void {
    for (const pid of this.#frozen.splice(0)) signal(pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    this.thaw();
    // One that is just starting would outlive us.
    const server = await this.#starting?.catch(() => undefined);
    await server?.stop();
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone in the meantime.
  }
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}
