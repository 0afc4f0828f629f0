/**
 * One thing after another. A job runs at once, in the caller's own turn, when nothing is under way: most packets need no
 * await, and reach the room in the turn in which Redis brought them.
 */
export class SerialQueue {
  readonly #waiting: (() => void | Promise<void>)[] = [];
  readonly #onFault: (fault: unknown) => void;
  #isBusy = false;

  /** @param onFault told what a job threw; the queue goes on */
  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Jobs that wait behind the one that runs. */
  get length(): number {
    return this.#waiting.length;
  }

  run(job: () => void | Promise<void>): void {
    this.#waiting.push(job);
    if (!this.#isBusy) this.#pump();
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  #pump(): void {
    this.#isBusy = true;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      let result: void | Promise<void>;
      try {
        result = job();
      } catch (fault) {
        this.#onFault(fault);
        continue;
      }
      if (result === undefined) continue;
      result.catch(this.#onFault).finally(() => this.#pump());
      return;
    }
    this.#isBusy = false;
  }
}
