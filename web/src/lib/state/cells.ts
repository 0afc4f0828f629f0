import { createSubscriber } from 'svelte/reactivity';

interface Cell {
  subscribe: () => void;
  update: (() => void) | undefined;
}

/**
 * Signals by name, made when first read and dropped with their last reader: the bridge from the client's events to
 * runes. `track` in a getter, `touch` when what it names looks different.
 */
export class Cells {
  readonly #cells = new Map<string, Cell>();

  track(key: string): void {
    let cell = this.#cells.get(key);
    if (!cell) {
      const made: Cell = { update: undefined, subscribe: () => {} };
      made.subscribe = createSubscriber((update) => {
        made.update = update;
        // A reader may hold the cell over a pause; it must be findable again while it is read.
        this.#cells.set(key, made);
        return () => {
          made.update = undefined;
          this.#cells.delete(key);
        };
      });
      cell = made;
      this.#cells.set(key, made);
    }
    cell.subscribe();
    // Read outside of any effect: nobody will ever ask for it to be dropped.
    if (!cell.update) this.#cells.delete(key);
  }

  touchAll(): void {
    for (const { update } of [...this.#cells.values()]) update?.();
  }

  touch(key: string): void {
    this.#cells.get(key)?.update?.();
  }
}
