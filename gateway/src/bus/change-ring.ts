import type { Change } from '@muster/protocol/change';

/** The last changes of a scope, contiguous by seq: what answers a reader who was away for a moment, without Postgres. */
export class ChangeRing {
  readonly #capacity: number;
  #changes: Change[] = [];

  constructor(capacity = 200) {
    this.#capacity = capacity;
  }

  push(changes: Change[]): void {
    this.#changes.push(...changes);
    // In strides, since cutting the front of an array moves the rest.
    if (this.#changes.length > this.#capacity * 2) this.#changes = this.#changes.slice(-this.#capacity);
  }

  /** The oldest that it holds. */
  get firstSeq(): number | undefined {
    return this.#changes[0]?.seq;
  }

  /** The log no longer tells what stands at or below the floor, and neither do we: it may have been erased. */
  forgetUpTo(floor: number): void {
    const first = this.#changes[0];
    if (first !== undefined && first.seq <= floor) this.#changes = this.#changes.slice(floor + 1 - first.seq);
  }

  clear(): void {
    this.#changes = [];
  }

  /** The changes behind `seq`, or undefined where the ring does not reach back so far. */
  after(seq: number): Change[] | undefined {
    return this.#reaches(seq) ? this.#changes.slice(seq + 1 - this.#changes[0]!.seq) : undefined;
  }

  /** Whether what follows `seq` up to the scope's `head` is all here. */
  reaches(seq: number, head: number): boolean {
    return seq >= head || this.#reaches(seq);
  }

  #reaches(seq: number): boolean {
    const first = this.#changes[0];
    return first !== undefined && seq + 1 >= first.seq;
  }
}
