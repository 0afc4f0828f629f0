/** How often those that are slow are asked whether they wait for a lock. */
const LOOK_AFTER_MS = 2;

/** A question to Postgres that is under way. */
export interface Job {
  /** Asked where it takes long: whether it waits for a lock that another one holds. */
  isWaiting?: () => Promise<boolean>;
  /** Called once it is over and all is quiet, in the order in which jobs were begun. */
  done?: () => void;
  isBlocked: boolean;
  isOver: boolean;
}

const setTimeoutReal = globalThis.setTimeout;
const clearTimeoutReal = globalThis.clearTimeout;

/**
 * What happens in real time: questions to Postgres. Virtual time stands still until they are answered. One that waits for
 * a lock is put aside, since whoever holds the lock needs time to pass; it counts again as soon as a lock may be free.
 */
export class RealWork {
  readonly #jobs = new Set<Job>();
  #wake: (() => void) | undefined;

  get isIdle(): boolean {
    for (const job of this.#jobs) if (!job.isOver && !job.isBlocked) return false;
    return true;
  }

  /** Whether a question waits for a lock: then no new transaction begins, so that only one ever waits. */
  get isBlocked(): boolean {
    for (const job of this.#jobs) if (job.isBlocked) return true;
    return false;
  }

  begin(job: Pick<Job, 'isWaiting' | 'done'> = {}): Job {
    const begun: Job = { ...job, isBlocked: false, isOver: false };
    this.#jobs.add(begun);
    return begun;
  }

  end(job: Job): void {
    job.isOver = true;
    job.isBlocked = false;
    this.#wake?.();
  }

  /** A transaction ended: whoever waited may go on. */
  unblock(): void {
    for (const job of this.#jobs) job.isBlocked = false;
  }

  /** Hands over what is answered, in the order in which it was asked. @returns whether there was something */
  deliver(): boolean {
    let hasDelivered = false;
    for (const job of [...this.#jobs]) {
      if (!job.isOver) continue;
      this.#jobs.delete(job);
      if (job.done) {
        hasDelivered = true;
        job.done();
      }
    }
    return hasDelivered;
  }

  /** Until something was answered, or is known to wait. */
  async progress(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isLate = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(false);
      timer = setTimeoutReal(() => resolve(true), LOOK_AFTER_MS);
    });
    this.#wake = undefined;
    clearTimeoutReal(timer);
    if (!isLate) return;
    for (const job of [...this.#jobs]) {
      if (!job.isOver && !job.isBlocked && (await job.isWaiting?.()) && !job.isOver) job.isBlocked = true;
    }
  }

  clear(): void {
    this.#jobs.clear();
  }
}
