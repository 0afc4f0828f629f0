import { setTimeout as delay } from 'node:timers/promises';
import { startChild, type Child, type ChildOptions } from '../../../../scripts/processes/child.ts';

/** A process that could not start is tried again, as whatever keeps it alive would: its stores may be away. */
const AGAIN_AFTER_MS = 300;

/** A gateway or a worker as it runs in production, which can be ended, frozen and started again. */
export class ServerProcess {
  readonly name: string;
  readonly options: ChildOptions;
  /** Ends that nobody here had caused: each is a broken promise. */
  readonly ends: string[] = [];
  #child: Child | undefined;
  #isFrozen = false;
  #isClosed = false;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(name: string, options: ChildOptions) {
    this.name = name;
    this.options = options;
  }

  get isUp(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws where it does not come up */
  async start(): Promise<void> {
    this.#adopt(await startChild(this.options));
  }

  /** Faults of one process come one after the other: what is dead cannot be frozen. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(act);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** Ends it at once and starts it again after a while. @returns how long it was away */
  async kill(awayMs: number): Promise<number> {
    const since = performance.now();
    const child = this.#release();
    child?.kill();
    await child?.ended;
    await delay(awayMs);
    await this.#startAgain();
    return performance.now() - since;
  }

  /** Asks it to end, and starts it again. @returns how long it was away */
  async restart(): Promise<number> {
    const since = performance.now();
    await this.#release()?.leave();
    await this.#startAgain();
    return performance.now() - since;
  }

  async freeze(forMs: number): Promise<void> {
    this.#isFrozen = true;
    this.#child?.process.kill('SIGSTOP');
    await delay(forMs);
    this.thaw();
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#child?.process.kill('SIGCONT');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.thaw();
    await this.#release()?.stop();
  }

  #release(): Child | undefined {
    const child = this.#child;
    this.#child = undefined;
    return child;
  }

  #adopt(child: Child): void {
    this.#child = child;
    void child.ended.then(async (how) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.ends.push(how);
      await this.inTurn(() => this.#startAgain());
    });
  }

  async #startAgain(): Promise<void> {
    while (!this.#isClosed && !this.#child) {
      try {
        const child = await startChild(this.options);
        if (this.#isClosed) return void child.kill();
        this.#adopt(child);
      } catch {
        // Its log says why, and the round does not come to rest without it.
        await delay(AGAIN_AFTER_MS);
      }
    }
  }
}
