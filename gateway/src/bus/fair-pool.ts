/** A piece of work that waits for its place. */
interface Turn {
  who: string;
  start(): void;
  since: number;
}

/**
 * At most so many reads at once; the rest waits. Whoever asks for much waits for their own: people take turns, so that
 * one with hundreds of lists and a dozen tabs does not stand in front of everybody else in a storm.
 */
export class FairPool {
  readonly #lines = new Map<string, Turn[]>();
  readonly #onWaited: (ms: number) => void;
  #free: number;
  #depth = 0;

  /** @param onWaited told how long each waited for its place, also who no longer needs it */
  constructor(places: number, onWaited: (ms: number) => void = () => undefined) {
    this.#free = places;
    this.#onWaited = onWaited;
  }

  /** How many wait. */
  get depth(): number {
    return this.#depth;
  }

  run<T>(who: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.queue(who, () => work().then(resolve, reject));
    });
  }

  /**
   * @param work starts when there is a place, perhaps at once; never rejects
   * @returns takes the work out of the line, where it still stands in it
   */
  queue(who: string, work: () => Promise<void>): () => void {
    const turn: Turn = {
      who,
      since: performance.now(),
      start: () => void work().finally(() => this.#next()),
    };
    if (this.#free > 0) {
      this.#free -= 1;
      this.#begin(turn);
      return () => undefined;
    }
    const line = this.#lines.get(who);
    if (line === undefined) this.#lines.set(who, [turn]);
    else line.push(turn);
    this.#depth += 1;
    return () => this.#leave(turn);
  }

  #next(): void {
    const [first] = this.#lines;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    const [who, line] = first;
    const turn = line.shift()!;
    // To the end of the round, behind everybody else who waits.
    this.#lines.delete(who);
    if (line.length > 0) this.#lines.set(who, line);
    this.#depth -= 1;
    this.#begin(turn);
  }

  #begin(turn: Turn): void {
    this.#onWaited(performance.now() - turn.since);
    turn.start();
  }

  #leave(turn: Turn): void {
    const line = this.#lines.get(turn.who);
    const at = line?.indexOf(turn) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(turn.who);
    this.#depth -= 1;
    this.#onWaited(performance.now() - turn.since);
  }
}
