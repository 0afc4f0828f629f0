/**
 * Rows that change places are moved in the document, and a browser takes the focus from what is moved. Whoever has it,
 * a row or the field in one, gets it back with its selection, before anything is painted.
 */
export class FocusKeeper {
  /** True while rows are being moved: a blur then is none. */
  static isMoving = false;
  readonly #within: () => HTMLElement | undefined;
  #held: { element: HTMLElement; start: number | null; end: number | null } | undefined;

  constructor(within: () => HTMLElement | undefined) {
    this.#within = within;
  }

  /** Before rows move. */
  hold(): void {
    const element = document.activeElement;
    this.#held = undefined;
    if (!(element instanceof HTMLElement) || !this.#within()?.contains(element)) return;
    FocusKeeper.isMoving = true;
    const field = element instanceof HTMLTextAreaElement ? element : undefined;
    this.#held = { element, start: field?.selectionStart ?? null, end: field?.selectionEnd ?? null };
  }

  /** After they have moved. */
  give(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held?.element.isConnected && document.activeElement !== held.element) {
      held.element.focus({ preventScroll: true });
      if (held.element instanceof HTMLTextAreaElement) held.element.setSelectionRange(held.start, held.end);
    }
    FocusKeeper.isMoving = false;
  }
}
