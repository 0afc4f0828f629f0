import type { Connection } from './connection.ts';
import type { Status } from './status.ts';
import type { Clock, PageEvent, PagePort } from './types.ts';

/** Long enough for somebody who looks something up in another tab; short enough that a hundred tabs are no load. */
const REST_AFTER_MS = 5 * 60_000;
const TICK_MS = 1_000;
/** Time that went on without us: the machine slept, or the page stood still. */
const JUMP_MS = 3_000;

export interface AttendanceOptions {
  clock: Clock;
  page: PagePort | undefined;
  restAfterMs: number | undefined;
  /** Whether something is not answered yet: it is pushed before this page rests. */
  hasWaiting(): boolean;
  connection: Connection;
  status: Status;
  /** What hangs on the connection hears that it is gone. */
  disconnected(): void;
  /** Other tabs may have moved on while this one did not hear them. */
  awake(): void;
}

/**
 * When this page is there: one that nobody looks at gives its connection back after a while, as soon as all is pushed,
 * and has it again when it is shown. Notices at once when the machine has slept.
 */
export class Attendance {
  readonly #options: AttendanceOptions;
  #isResting = false;
  /** Hidden for long enough. */
  #isDue = false;
  #tickedAt = 0;
  #cancelRest: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(options: AttendanceOptions) {
    this.#options = options;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  start(): void {
    const { page } = this.#options;
    this.#unwatch = page?.watch((event) => this.#hear(event));
    if (page?.isHidden) this.#hidden();
    this.#tick();
  }

  stop(): void {
    for (const end of [this.#unwatch, this.#cancelRest, this.#cancelTick]) end?.();
    this.#unwatch = this.#cancelRest = this.#cancelTick = undefined;
    this.#isDue = this.#isResting = false;
  }

  /** The queue moved on: what was waited for may be done. */
  look(): void {
    if (!this.#isDue) return;
    // Never in the middle of a packet.
    queueMicrotask(() => {
      if (this.#isDue && !this.#options.hasWaiting()) this.#rest();
    });
  }

  /** The page is looked at again, or something waits that nobody pushes. */
  wake(reason: string): void {
    const { clock, connection, status, awake } = this.#options;
    if (!this.#isResting) return this.#cancelTick && connection.check(reason);
    this.#isResting = false;
    this.#tick();
    status.set({ connection: 'connecting', since: clock.now() });
    connection.start();
    awake();
  }

  /** Connects anew, under what is true now. While this page rests that is done when it is shown. */
  reconnect(reason: string): void {
    if (!this.#isResting) this.#options.connection.restart(reason);
  }

  /** The person asked. */
  connectNow(reason: string): void {
    if (this.#isResting) this.wake(reason);
    else this.reconnect(reason);
  }

  #hear(event: PageEvent): void {
    const { page, hasWaiting, connection } = this.#options;
    if (event === 'hidden') this.#hidden();
    else if (event === 'frozen') this.#rest();
    else if (event === 'network') {
      if (!this.#isResting) connection.check('the network changed');
    } else {
      if (!page?.isHidden) {
        this.#isDue = false;
        this.#cancelRest?.();
        this.#cancelRest = undefined;
      } else if (this.#isResting && !hasWaiting()) return;
      this.wake(event);
    }
  }

  #hidden(): void {
    const { clock, restAfterMs = REST_AFTER_MS } = this.#options;
    this.#cancelRest ??= clock.setTimeout(() => {
      this.#cancelRest = undefined;
      this.#isDue = true;
      this.look();
    }, restAfterMs);
  }

  #rest(): void {
    const { clock, connection, status, disconnected } = this.#options;
    // One that the server does not take says so until the person helps.
    if (this.#isResting || status.now.connection === 'refused') return;
    this.#isResting = true;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    connection.stop();
    disconnected();
    status.set({ connection: 'resting', since: clock.now() });
  }

  #tick(): void {
    const { clock, connection } = this.#options;
    this.#cancelTick?.();
    this.#tickedAt = clock.now();
    this.#cancelTick = clock.setTimeout(() => {
      const away = clock.now() - this.#tickedAt;
      this.#tick();
      if (away >= TICK_MS + JUMP_MS) connection.check('time went on without us');
    }, TICK_MS);
  }
}
