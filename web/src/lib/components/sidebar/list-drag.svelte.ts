import { PressDrag, type Reach } from '../ui/press-drag.ts';

interface Options {
  /** The element that holds the lists, each with its id in `data-list-id`. */
  element: () => HTMLElement | undefined;
  ondrop: (id: string, after: string | null) => void;
  /** A long press that did not move. */
  onlongpress: (id: string) => void;
}

/** Dragging a list in the sidebar: with a mouse at once, with a finger after a long press. */
export class ListDrag {
  readonly #options: Options;
  readonly press: PressDrag;
  id: string | null = $state(null);
  /** How far the list is from its own place. */
  dy = $state(0);
  /** Behind which list it would land: null for the top, undefined where it would stay. */
  target: string | null | undefined = $state();
  #scrolledFrom = 0;

  constructor(options: Options) {
    this.#options = options;
    this.press = new PressDrag({
      canDrag: () => true,
      onlift: (id) => {
        this.id = id;
        this.dy = 0;
        this.#scrolledFrom = this.#scroller?.scrollTop ?? 0;
      },
      onmove: (id, reach) => this.#aim(id, reach),
      ondrop: (id) => {
        const after = this.target;
        this.#settle();
        if (after !== undefined) options.ondrop(id, after);
      },
      oncancel: () => this.#settle(),
      onrest: options.onlongpress,
      edgeAt: (y, within) => {
        const box = this.#scroller?.getBoundingClientRect();
        return !box ? 0 : y < box.top + within ? -1 : y > box.bottom - within ? 1 : 0;
      },
      scrollBy: (by) => this.#scroller?.scrollBy(0, by),
    });
  }

  get #scroller(): Element | null | undefined {
    return this.#options.element()?.closest('.scroll-y');
  }

  #aim(id: string, { y, dy }: Reach): void {
    this.dy = dy + (this.#scroller?.scrollTop ?? 0) - this.#scrolledFrom;
    const all = [...(this.#options.element()?.querySelectorAll<HTMLElement>('[data-list-id]') ?? [])];
    const isAbove = (line: HTMLElement): boolean => {
      const box = line.getBoundingClientRect();
      return box.top + box.height / 2 < y;
    };
    const idOf = (line: HTMLElement | undefined): string | null => line?.dataset['listId'] ?? null;
    const own = all.findIndex((line) => idOf(line) === id);
    const after = idOf(all.filter((line) => idOf(line) !== id && isAbove(line)).at(-1));
    this.target = after === idOf(all[own - 1]) ? undefined : after;
  }

  #settle(): void {
    this.id = null;
    this.dy = 0;
    this.target = undefined;
  }
}
