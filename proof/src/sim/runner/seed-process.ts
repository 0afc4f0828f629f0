import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, Ask, Ran, Shrunk } from './messages.ts';

const PROGRAM = join(import.meta.dirname, 'seeds.process.ts');
/** Nothing that is right takes so long: a run that hangs is a verdict too. */
const RUN_WITHIN_MS = 120_000;

/** Another process that runs seeds, and cannot take this one along when a planted bug runs wild. */
export class SeedProcess {
  readonly #child: ChildProcess;
  #waiting: { take(answer: Answer): void; fail(error: Error): void } | undefined;

  private constructor(url: string, plant: string) {
    this.#child = fork(PROGRAM, [url, plant], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#waiting?.take(answer));
    this.#child.on('exit', (code) => this.#waiting?.fail(new Error(`the process ended (${code})`)));
  }

  static async start(url: string, plant = '-'): Promise<SeedProcess> {
    const made = new SeedProcess(url, plant);
    await made.#next(undefined);
    return made;
  }

  async run(seed: number, isTold = false): Promise<Ran> {
    const answer = await this.#next({ ask: 'run', seed, isTold });
    if (answer.answer === 'ran') return answer;
    throw new Error(answer.answer === 'failed' ? answer.fault : 'another answer');
  }

  async shrink(seed: number): Promise<Shrunk> {
    const answer = await this.#next({ ask: 'shrink', seed }, 10 * RUN_WITHIN_MS);
    if (answer.answer === 'shrunk') return answer;
    throw new Error(answer.answer === 'failed' ? answer.fault : 'another answer');
  }

  stop(): void {
    this.#waiting = undefined;
    this.#child.kill('SIGKILL');
  }

  #next(asked: Ask | undefined, withinMs = RUN_WITHIN_MS): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(new Error('no answer: it hangs')), withinMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        reject(error);
      };
      const take = (answer: Answer) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(answer);
      };
      this.#waiting = { take, fail };
      if (asked) this.#child.send(asked);
    });
  }
}
