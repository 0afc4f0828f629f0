/** One thing done in this tab, and how to take it back. */
export interface Step {
  label: string;
  undo: () => void;
  redo: () => void;
}

const KEPT = 50;

/** Undo and redo of this tab's own doings: by Ctrl/⌘ Z, or by the toast that offered it. */
export class Undo {
  #done: Step[] = $state.raw([]);
  #undone: Step[] = $state.raw([]);

  get canUndo(): boolean {
    return this.#done.length > 0;
  }
  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  push(step: Step): void {
    this.#done = [...this.#done.slice(1 - KEPT), step];
    this.#undone = [];
  }

  /** Takes back the newest step, or the one given (a toast's). Returns what was taken back. */
  undo(step: Step | undefined = this.#done.at(-1)): Step | undefined {
    if (!step || !this.#done.includes(step)) return undefined;
    this.#done = this.#done.filter((other) => other !== step);
    this.#undone = [...this.#undone, step];
    step.undo();
    return step;
  }

  redo(): Step | undefined {
    const step = this.#undone.at(-1);
    if (!step) return undefined;
    this.#undone = this.#undone.slice(0, -1);
    this.#done = [...this.#done, step];
    step.redo();
    return step;
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }
}
