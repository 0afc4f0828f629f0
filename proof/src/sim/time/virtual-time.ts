import { RealWork } from './real-work.ts';

/** What the machine itself offers, kept before a run replaces it. */
export const real = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: performance.now.bind(performance),
};

export interface Timer {
  at: number;
  order: number;
  run: (() => void) | undefined;
  /** Repeats, where it is an interval's. */
  every?: number;
}

/**
 * Time that passes only when nothing else is to be done. Every timer of a run, the product's too, is an event here; the
 * next one fires once all promises have settled and Postgres, which answers in real time, has answered. So one thing
 * happens at a time, in an order that the seed alone decides.
 */
export class VirtualTime {
  now = 0;
  readonly work = new RealWork();
  readonly #heap: Timer[] = [];
  readonly #immediates: Timer[] = [];
  #order = 0;
  #events = 0;

  get events(): number {
    return this.#events;
  }

  /** Runs after `ms`; what was asked for first goes first. */
  after(ms: number, run: () => void, every?: number): Timer {
    return this.at(this.now + Math.max(0, Number.isFinite(ms) ? ms : 0), run, every);
  }

  /** Runs at that very moment: two that name the same one keep their order. */
  at(moment: number, run: () => void, every?: number): Timer {
    const at = Math.max(this.now, moment);
    const timer: Timer = { at, order: this.#order++, run, ...(every === undefined ? {} : { every }) };
    this.#push(timer);
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer) timer.run = undefined;
  }

  immediate(run: () => void): Timer {
    const timer: Timer = { at: this.now, order: this.#order++, run };
    this.#immediates.push(timer);
    return timer;
  }

  /** A promise for a moment: for the simulator's own steps. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets time pass up to `end`. */
  async runUntil(end: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      await this.quiet();
      if (isOver()) return;
      const timer = this.#heap[0];
      if (timer === undefined || timer.at > end) {
        this.now = Math.max(this.now, end);
        return;
      }
      this.#pop();
      const { run } = timer;
      if (run === undefined) continue;
      if (timer.at > this.now) this.now = timer.at;
      this.#events += 1;
      if (timer.every === undefined) timer.run = undefined;
      else {
        timer.at = this.now + timer.every;
        timer.order = this.#order++;
        this.#push(timer);
      }
      run();
    }
  }

  /** Drops all that is still to come: a run is over. */
  clear(): void {
    this.#heap.length = 0;
    this.#immediates.length = 0;
    this.work.clear();
  }

  /** Until every promise has settled and every question to Postgres is answered, or known to wait for a lock. */
  async quiet(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => real.setImmediate(resolve));
      const immediate = this.#immediates.shift();
      if (immediate !== undefined) {
        immediate.run?.();
        continue;
      }
      if (!(await this.work.step())) return;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
