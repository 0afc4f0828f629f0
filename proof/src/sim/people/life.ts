/**
 * Whether a tab's code runs. The dead never run again, whatever was promised to them; the frozen run what they missed,
 * in its order, once they go on.
 */
export class Life {
  isDead = false;
  #isFrozen = false;
  readonly #missed: (() => void)[] = [];

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  run(job: () => void): void {
    if (this.isDead) return;
    if (this.#isFrozen) this.#missed.push(job);
    else job();
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    while (!this.#isFrozen && !this.isDead) {
      const job = this.#missed.shift();
      if (job === undefined) return;
      job();
    }
  }

  die(): void {
    this.isDead = true;
    this.#missed.length = 0;
  }
}
