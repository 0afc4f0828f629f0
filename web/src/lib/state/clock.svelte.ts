const EVERY_MS = 15_000;

/** The reader's time for words such as "Today": ticks every quarter minute, and when the tab comes back. */
export class Clock {
  now: number = $state(Date.now());

  constructor() {
    setInterval(() => this.#tick(), EVERY_MS);
    document.addEventListener('visibilitychange', () => this.#tick());
  }

  #tick(): void {
    if (!document.hidden) this.now = Date.now();
  }
}
