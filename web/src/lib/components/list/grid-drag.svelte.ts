import type { Row } from '#lib/state/rows.ts';
import { PressDrag, type Reach } from '../ui/press-drag.ts';
import type { GridScroll } from './grid-scroll.svelte.ts';
import type { Line } from './lines.ts';
import { dropped, type Place } from './row-moves.ts';

/** So far to the right of where it was taken, a task becomes a sub-task. */
const RIGHT_PX = 28;

interface Options {
  scroll: GridScroll;
  lines: () => readonly Line[];
  rows: () => readonly Row[];
  canDrag: () => boolean;
  ondrop: (id: string, place: Place) => void;
  /** A long press that did not move. */
  onlongpress: (id: string) => void;
}

/** Dragging a row: at once by its handle, after a long press with a finger. The server gives it its place. */
export class GridDrag {
  readonly #options: Options;
  readonly press: PressDrag;
  id: string | null = $state(null);
  /** How far the row is from its own place. */
  dy = $state(0);
  /** Where it would land: the line that the mark stands above, and whether among sub-tasks. */
  target: { gap: number; isChild: boolean } | null = $state.raw(null);
  #scrolledFrom = 0;
  #place: Place | undefined;

  constructor(options: Options) {
    this.#options = options;
    const { scroll } = options;
    this.press = new PressDrag({
      canDrag: options.canDrag,
      onlift: (id) => {
        this.id = id;
        this.dy = 0;
        this.#scrolledFrom = scroll.scrolled;
      },
      onmove: (id, reach) => this.#aim(id, reach),
      ondrop: (id) => {
        const place = this.#place;
        this.#settle();
        if (place) options.ondrop(id, place);
      },
      oncancel: () => this.#settle(),
      onrest: options.onlongpress,
      edgeAt: (y, within) => scroll.edgeAt(y, within),
      scrollBy: (by) => scroll.scrollBy(by),
    });
  }

  #aim(id: string, { y, dx, dy }: Reach): void {
    const { scroll, lines, rows } = this.#options;
    this.dy = dy + scroll.scrolled - this.#scrolledFrom;
    const all = lines();
    const at = scroll.lineAtPointer(y);
    const line = all[at];
    if (!line || scroll.topOf(line.key) === undefined) return;
    const gap = Math.min(rowsBefore(all, y > scroll.middleOf(line.key) ? at + 1 : at), rows().length);
    this.#place = dropped(rows(), id, gap, dx > RIGHT_PX);
    this.target = this.#place ? { gap, isChild: this.#place.parentId !== null } : null;
  }

  #settle(): void {
    this.#options.scroll.slide();
    this.#place = undefined;
    this.id = null;
    this.dy = 0;
    this.target = null;
  }
}

/** How many rows stand before a line: headings and the fold do not count. */
function rowsBefore(lines: readonly Line[], at: number): number {
  return lines.slice(0, at).filter((line) => line.kind === 'row').length;
}
