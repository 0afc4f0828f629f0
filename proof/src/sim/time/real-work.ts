/** How often one that is slow is asked whether it waits for a lock: on a busy machine most are slow for other reasons. */
const LOOK_AFTER_MS = 3;

const setTimeoutReal = globalThis.setTimeout;
const clearTimeoutReal = globalThis.clearTimeout;

export interface AskOptions {
  /** Asked where it takes long: whether it waits for a lock that another one holds. */
  isWaiting?: () => Promise<boolean>;
}

/** A question to Postgres. */
interface Job extends AskOptions {
  start(): void;
  /** Hands over the answer. */
  deliver: () => void;
  isOver: boolean;
}

/**
 * What happens in real time: questions to Postgres. Virtual time stands still until they are answered, and they are asked
 * one at a time, in the order in which they were begun: which of two answers comes first is nobody's choice. One that
 * waits for a lock is put aside, since whoever holds the lock needs time to pass; it counts again as soon as a lock may
 * be free.
 */
export class RealWork {
  readonly #queue: Job[] = [];
  #blocked: Job[] = [];
  #mayGoOn = false;
  #wake: (() => void) | undefined;

  /** Whether a question waits for a lock: then no new transaction begins, so that only one ever waits. */
  get isBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  /** Asks once all that was asked before is answered, or known to wait. @returns the answer, once all is quiet */
  ask<T>(question: () => Promise<T>, options: AskOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const over = (deliver: () => void) => {
        Object.assign(job, { deliver, isOver: true });
        this.#wake?.();
      };
      const job: Job = {
        ...options,
        start: () =>
          void question().then(
            (answer) => over(() => resolve(answer)),
            (error: unknown) => over(() => reject(error as Error)),
          ),
        deliver: () => undefined,
        isOver: false,
      };
      this.#queue.push(job);
    });
  }

  /** A transaction ended: whoever waited may go on. */
  unblock(): void {
    this.#mayGoOn = true;
  }

  /** Has one question answered, or put aside. @returns whether there was one */
  async step(): Promise<boolean> {
    if (this.#mayGoOn && this.isBlocked) {
      this.#mayGoOn = false;
      const going = this.#blocked;
      this.#blocked = [];
      // They go on at once, all of them: nothing else is asked before each is over, or waits again.
      for (const job of going) if (!(await this.#settle(job))) this.#blocked.push(job);
      for (const job of going) if (job.isOver) job.deliver();
      return true;
    }
    this.#mayGoOn = false;
    const job = this.#queue.shift();
    if (job === undefined) return false;
    job.start();
    if (await this.#settle(job)) job.deliver();
    else this.#blocked.push(job);
    return true;
  }

  clear(): void {
    this.#queue.length = 0;
    this.#blocked.length = 0;
  }

  /** @returns whether it is over; false where it waits for a lock */
  async #settle(job: Job): Promise<boolean> {
    while (!job.isOver) {
      const isLate = await this.#sleep();
      if (isLate && !job.isOver && (await job.isWaiting?.()) && !job.isOver) return false;
    }
    return true;
  }

  /** Until something was answered, or for a moment. @returns whether the moment has passed */
  #sleep(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isLate: boolean) => {
        this.#wake = undefined;
        clearTimeoutReal(timer);
        resolve(isLate);
      };
      const timer = setTimeoutReal(() => end(true), LOOK_AFTER_MS);
      this.#wake = () => end(false);
    });
  }
}
