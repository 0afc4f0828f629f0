/**
 * Rows that change places are moved in the document, and a browser takes the focus from what is moved. Whoever has it,
 * a row or the field in one, gets it back with its selection, before anything is painted. Where it has gone from the
 * document, its heir gets it: a keyboard without a focus has lost its place.
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

  /** After they have moved. @param heir what stands in the place of the one that had it */
  give(heir: () => HTMLElement | null | undefined): void {
    const held = this.#held;
    this.#held = undefined;
    if (held?.element.isConnected && document.activeElement !== held.element) {
      held.element.focus({ preventScroll: true });
      if (held.element instanceof HTMLTextAreaElement) held.element.setSelectionRange(held.start, held.end);
    } else if (held && !held.element.isConnected && document.activeElement === document.body) {
      // Nobody else has taken it since.
      heir()?.focus({ preventScroll: true });
    }
    FocusKeeper.isMoving = false;
  }
}
