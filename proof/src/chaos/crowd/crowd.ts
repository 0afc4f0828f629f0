import { join } from 'node:path';
import { startChild, type Child } from '../../../../scripts/processes/child.ts';
import type { ProcessRecord } from '../../oracles/process-faults.ts';
import { readFileSync } from 'node:fs';
import type { CrowdCall, CrowdCalls, Reply } from './calls.ts';
import type { Cast, Person } from './cast.ts';

const PROGRAM = join(import.meta.dirname, 'crowd.process.ts');
type Answer<N extends CrowdCall> = Awaited<ReturnType<CrowdCalls[N]>>;

/** One process of clients. */
export class CrowdProcess {
  readonly name: string;
  readonly history: string;
  readonly ends: string[] = [];
  readonly logFile: string;
  readonly #child: Child;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;
  #isClosed = false;

  private constructor(name: string, child: Child, { history, logFile }: { history: string; logFile: string }) {
    this.name = name;
    this.history = history;
    this.logFile = logFile;
    this.#child = child;
    child.process.on('message', (message) => {
      const reply = message as Reply;
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('fault' in reply) waiting?.reject(new Error(reply.fault));
      else waiting?.resolve(reply.value);
    });
    void child.ended.then((how) => {
      if (!this.#isClosed) this.ends.push(how);
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ${how}`));
    });
  }

  static async start(name: string, folder: string): Promise<CrowdProcess> {
    const logFile = join(folder, `${name.replace(' ', '-')}.log`);
    const child = await startChild({
      ...{ args: [PROGRAM], cwd: folder, env: { PATH: process.env['PATH'] }, logFile, graceMs: 5_000 },
    });
    return new CrowdProcess(name, child, { history: join(folder, `${name.replace(' ', '-')}.history`), logFile });
  }

  /** @throws what the other process threw, or that it ended */
  call<N extends CrowdCall>(name: N, ...[argument]: Parameters<CrowdCalls[N]>): Promise<Answer<N>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (!this.#child.process.connected) return reject(new Error(`${this.name} has ended`));
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.process.send({ id, name, argument });
    });
  }

  /** The lid is closed, and opened again by `thaw`. */
  freeze(): void {
    this.#child.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.process.kill('SIGCONT');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.thaw();
    await this.#child.stop();
  }
}

/** All the clients of a round. */
export class Crowd {
  readonly processes: CrowdProcess[];
  readonly #placeOf = new Map<string, CrowdProcess>();

  private constructor(processes: CrowdProcess[]) {
    this.processes = processes;
  }

  /** The tabs of one browser sit in one process, as they do on one machine. */
  static async enter(
    count: number,
    { cast, people, url, folder, seed }: { cast: Cast; people: Person[]; url: string; folder: string; seed: number },
  ): Promise<Crowd> {
    const names = Array.from({ length: count }, (_, at) => `crowd ${at + 1}`);
    const crowd = new Crowd(await Promise.all(names.map((name) => CrowdProcess.start(name, folder))));
    const browsers = [...new Set(cast.seats.map(({ browser }) => browser))];
    for (const [at, process] of crowd.processes.entries()) {
      const own = new Set(browsers.filter((_, index) => index % count === at));
      const seats = cast.seats.filter(({ browser }) => own.has(browser));
      for (const { name } of seats) crowd.#placeOf.set(name, process);
      await process.call('enter', {
        ...{ url, seed, history: process.history },
        seats: seats.map((seat) => {
          const { userId, token } = people[seat.person]!;
          return { ...seat, userId, token };
        }),
      });
    }
    return crowd;
  }

  /** The process in which a seat is. */
  at(seat: string): CrowdProcess {
    const process = this.#placeOf.get(seat);
    if (!process) throw new Error(`there is no seat ${seat}`);
    return process;
  }

  async all<N extends CrowdCall>(name: N, ...argument: Parameters<CrowdCalls[N]>): Promise<Answer<N>[]> {
    return Promise.all(this.processes.map((process) => process.call(name, ...argument)));
  }

  records(): ProcessRecord[] {
    return this.processes.map(({ name, ends, logFile }) => ({
      ...{ name, ends, logFile, log: readFileSync(logFile, 'utf8') },
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.close()));
  }
}
