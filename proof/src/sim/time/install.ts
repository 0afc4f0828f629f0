import { v7 } from 'uuid';
import { Random } from '../random.ts';
import type { VirtualTime, Timer } from './virtual-time.ts';

/** When every run begins. Ids begin with the moment at which they were made, so a seed makes the same ids each time. */
export const EPOCH_MS = 1_700_000_000_000;

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
export function installTime(time: VirtualTime, seed: number): () => void {
  const random = new Random(seed, 'process');
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
  const getRealBytes = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  const bytes = (into: Uint8Array) => {
    // pg, for a connection of its own: when it makes one is not the run's to say.
    if (Buffer.isBuffer(into)) return getRealBytes(into as Uint8Array<ArrayBuffer>);
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
  forgetLastId();
  Date.now = () => Math.floor(EPOCH_MS + time.now);
  performance.now = () => time.now;
  Math.random = () => random.next();
  Object.assign(globalThis.crypto, {
    getRandomValues: bytes,
    randomUUID: () => {
      const hex = Buffer.from(bytes(new Uint8Array(16))).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
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

/**
 * An id of version 7 is never older than the one made before it, of whatever run. A moment that is later than all others
 * when it is compared, and earlier ever after, lets the next run begin where it does.
 */
function forgetLastId(): void {
  let isCompared = false;
  const moment = {
    valueOf: () => {
      const is = isCompared ? -Infinity : Infinity;
      isCompared = true;
      return is;
    },
  };
  const { now } = Date;
  Date.now = () => moment as unknown as number;
  v7();
  Date.now = now;
}
