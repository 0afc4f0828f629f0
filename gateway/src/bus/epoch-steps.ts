/**
 * The acl's epoch at each change of a stretch of the log, kept where it steps up: rights change rarely, and never go
 * back, so the steps are few.
 */
export class EpochSteps {
  #steps: { from: number; epoch: number }[] = [];

  /** The change `seq`, later than all before, was committed under `epoch`. */
  add(seq: number, epoch: number): void {
    if (this.#steps.at(-1)?.epoch !== epoch) this.#steps.push({ from: seq, epoch });
  }

  /** @returns that of the change `seq`, which must have been added and not forgotten */
  at(seq: number): number {
    return this.#steps.findLast(({ from }) => from <= seq)!.epoch;
  }

  /** What lies below `seq` is not asked for any more. */
  forgetBelow(seq: number): void {
    const first = this.#steps.findLastIndex(({ from }) => from <= seq);
    if (first > 0) this.#steps = this.#steps.slice(first);
  }

  clear(): void {
    this.#steps = [];
  }

  get size(): number {
    return this.#steps.length;
  }
}
