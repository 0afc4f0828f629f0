import { Random } from '../random.ts';
import type { VirtualTime, Timer } from './virtual-time.ts';

/** Ids begin with the moment at which they were made. Each run has its own ten thousand seconds: no two share an id. */
const FIRST_MS = 1_700_000_000_000;
export const RUN_MS = 10_000_000;
export const epochOf = (run: number): number => FIRST_MS + run * RUN_MS;

/** A timer as Node's: product code may call `unref` on it. */
class FakeTimer {
  readonly timer: Timer;
  constructor(timer: Timer) {
    this.timer = timer;
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.timer.order;
  }
}

/**
 * Gives the whole process this run's time, timers and chance, until the returned function is called: the gateway's rooms
 * read the real names, and must not be changed for a proof.
 */
export function installTime(time: VirtualTime, seed: number, run: number): () => void {
  const random = new Random(seed, 'process');
  const epoch = epochOf(run);
  const saved = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
    dateNow: Date.now,
    performanceNow: performance.now,
    mathRandom: Math.random,
  };
  const fake = (timer: Timer) => new FakeTimer(timer);
  const cancel = (timer: unknown) => {
    if (timer instanceof FakeTimer) time.cancel(timer.timer);
    else saved.clearTimeout(timer as never);
  };
  const bytes = (into: Uint8Array) => {
    for (let at = 0; at < into.length; at++) into[at] = random.next32() & 0xff;
    return into;
  };
  Object.assign(globalThis, {
    setTimeout: (job: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      fake(time.after(ms, () => job(...args))),
    setInterval: (job: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      fake(time.after(ms, () => job(...args), Math.max(1, ms))),
    clearTimeout: cancel,
    clearInterval: cancel,
    setImmediate: (job: (...args: unknown[]) => void, ...args: unknown[]) => fake(time.immediate(() => job(...args))),
  });
  Date.now = () => Math.floor(epoch + time.now);
  performance.now = () => time.now;
  Math.random = () => random.next();
  Object.assign(globalThis.crypto, {
    getRandomValues: bytes,
    // The run's number in front: the same seed run twice in one database makes other ids, in the same order.
    randomUUID: () => {
      const hex = Buffer.from(bytes(new Uint8Array(16))).toString('hex');
      const head = run.toString(16).padStart(8, '0');
      return `${head}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  });
  return () => {
    const { dateNow, performanceNow, mathRandom, ...globals } = saved;
    Object.assign(globalThis, globals);
    Date.now = dateNow;
    performance.now = performanceNow;
    Math.random = mathRandom;
    delete (globalThis.crypto as Partial<Crypto>).getRandomValues;
    delete (globalThis.crypto as Partial<Crypto>).randomUUID;
  };
}
