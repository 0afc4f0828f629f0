import type { Row } from '#lib/state/rows.ts';
import type { GridScroll } from './grid-scroll.svelte.ts';
import type { Line } from './lines.ts';
import { dropped, type Place } from './row-moves.ts';

/** A finger that rests this long drags (look.md: a long press drags). */
const LONG_PRESS_MS = 420;
/** A finger that has moved more than this scrolls. */
const STILL_PX = 8;
/** So far to the right of where it was taken, a task becomes a sub-task. */
const RIGHT_PX = 28;
const EDGE_PX = 56;
const EDGE_STEP_PX = 12;

interface Options {
  scroll: GridScroll;
  lines: () => readonly Line[];
  rows: () => readonly Row[];
  canDrag: () => boolean;
  ondrop: (id: string, place: Place) => void;
  /** A long press that did not move. */
  onlongpress: (id: string) => void;
  /** The finger is up: the click that follows belongs to the drag. */
  onend: () => void;
}

/** Dragging a row: at once by its handle, after a long press with a finger. The server gives it its place. */
export class GridDrag {
  readonly #options: Options;
  id: string | null = $state(null);
  /** How far the row is from its own place. */
  dy = $state(0);
  /** Where it would land: the line that the mark stands above, and whether among sub-tasks. */
  target: { gap: number; isChild: boolean } | null = $state.raw(null);
  #from = { x: 0, y: 0, scrollTop: 0 };
  #last = { x: 0, y: 0 };
  #press: ReturnType<typeof setTimeout> | undefined;
  #edge = 0;
  #place: Place | undefined;
  #stop: (() => void) | undefined;
  #hasMoved = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The handle was taken. */
  grip(event: PointerEvent, id: string): void {
    if (event.button !== 0 || !this.#options.canDrag()) return;
    event.preventDefault();
    event.stopPropagation();
    this.#begin(event, id);
    this.#lift(id);
  }

  /** A finger came down on a row: it may become a long press. */
  touch(event: PointerEvent, id: string): void {
    if (event.pointerType === 'mouse') return;
    this.#begin(event, id);
    this.#press = setTimeout(() => {
      navigator.vibrate?.(10);
      if (this.#options.canDrag()) this.#lift(id);
      else {
        this.#end(false);
        this.#options.onend();
        this.#options.onlongpress(id);
      }
    }, LONG_PRESS_MS);
  }

  /** Gives up a drag. @returns whether there was one */
  cancel(): boolean {
    const was = this.id !== null;
    this.#end(false);
    return was;
  }

  #begin(event: PointerEvent, id: string): void {
    this.#end(false);
    this.#from = { x: event.clientX, y: event.clientY, scrollTop: this.#scrolled() };
    this.#last = { x: event.clientX, y: event.clientY };
    this.#hasMoved = false;
    const move = (moved: PointerEvent): void => this.#move(moved);
    const up = (): void => {
      const isStill = this.id !== null && !this.#hasMoved && event.pointerType !== 'mouse';
      if (this.id !== null) this.#options.onend();
      this.#end(true);
      if (isStill) this.#options.onlongpress(id);
    };
    const cancel = (): void => this.#end(false);
    // While a finger drags, the page must not scroll under it.
    const hold = (touch: TouchEvent): void => {
      if (this.id !== null) touch.preventDefault();
    };
    const key = (pressed: KeyboardEvent): void => {
      if (pressed.key !== 'Escape' || this.id === null) return;
      pressed.stopPropagation();
      this.#end(false);
    };
    const quiet = (menu: Event): void => menu.preventDefault();
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', cancel);
    window.addEventListener('touchmove', hold, { passive: false });
    window.addEventListener('keydown', key, true);
    if (event.pointerType !== 'mouse') window.addEventListener('contextmenu', quiet);
    this.#stop = () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', cancel);
      window.removeEventListener('touchmove', hold);
      window.removeEventListener('keydown', key, true);
      // The menu of a long press comes after the finger has gone up.
      setTimeout(() => window.removeEventListener('contextmenu', quiet), 50);
    };
  }

  #lift(id: string): void {
    this.id = id;
    this.#aim();
    this.#edge = requestAnimationFrame(() => this.#followEdge());
  }

  #move(event: PointerEvent): void {
    this.#last = { x: event.clientX, y: event.clientY };
    const far = Math.hypot(event.clientX - this.#from.x, event.clientY - this.#from.y) > STILL_PX;
    if (this.id === null) {
      if (far) this.#end(false);
      return;
    }
    this.#hasMoved ||= far;
    this.#aim();
  }

  #aim(): void {
    const { scroll, lines, rows } = this.#options;
    const id = this.id;
    if (id === null) return;
    this.dy = this.#last.y - this.#from.y + this.#scrolled() - this.#from.scrollTop;
    const all = lines();
    const at = scroll.lineAtPointer(this.#last.y);
    const line = all[at];
    const top = line && scroll.topOf(line.key);
    if (!line || top === undefined) return;
    const middle = scroll.middleOf(line.key);
    const gap = Math.min(rowsBefore(all, this.#last.y > middle ? at + 1 : at), rows().length);
    this.#place = this.#hasMoved ? dropped(rows(), id, gap, this.#last.x - this.#from.x > RIGHT_PX) : undefined;
    this.target = this.#place ? { gap, isChild: this.#place.parentId !== null } : null;
  }

  #followEdge(): void {
    if (this.id === null) return;
    const by = this.#options.scroll.edgeAt(this.#last.y, EDGE_PX);
    if (by !== 0 && this.#hasMoved) {
      this.#options.scroll.scrollBy(by * EDGE_STEP_PX);
      this.#aim();
    }
    this.#edge = requestAnimationFrame(() => this.#followEdge());
  }

  #scrolled(): number {
    return this.#options.scroll.scrolled;
  }

  #end(isDropped: boolean): void {
    clearTimeout(this.#press);
    cancelAnimationFrame(this.#edge);
    this.#stop?.();
    this.#stop = undefined;
    const id = this.id;
    const place = this.#place;
    this.#place = undefined;
    if (id === null) return;
    this.#options.scroll.slide();
    this.id = null;
    this.dy = 0;
    this.target = null;
    if (isDropped && place) this.#options.ondrop(id, place);
  }
}

/** How many rows stand before a line: headings and the fold do not count. */
function rowsBefore(lines: readonly Line[], at: number): number {
  return lines.slice(0, at).filter((line) => line.kind === 'row').length;
}
