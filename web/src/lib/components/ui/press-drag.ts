import type { Attachment } from 'svelte/attachments';

/** A finger that rests this long drags (look.md: a long press drags). */
const LONG_PRESS_MS = 420;
/** A finger that has moved more than this scrolls; a mouse that has, drags. */
const STILL_PX = 8;
const EDGE_PX = 56;
const EDGE_STEP_PX = 12;
/** The click that ends a drag is at most so much younger than what ended it. */
const QUIET_MS = 50;

/** Where the pointer is, and how far it has come since it went down. */
export interface Reach {
  y: number;
  dx: number;
  dy: number;
}

interface Options {
  canDrag: () => boolean;
  onlift: (id: string) => void;
  /** The pointer, or what lies under it, has moved; not before it has left its place. */
  onmove: (id: string, reach: Reach) => void;
  ondrop: (id: string) => void;
  /** Given up: by Escape, by the browser, or because the pointer never moved. */
  oncancel: (id: string) => void;
  /** A long press that did not move. */
  onrest: (id: string) => void;
  /** Scrolls by a step towards that edge where the pointer is near it. */
  edgeAt: (y: number, within: number) => -1 | 0 | 1;
  scrollBy: (by: number) => void;
}

/**
 * What a pointer does to something that can be dragged: a mouse takes it at once or once it moves, a finger after it has
 * rested on it. Knows nothing of what is dragged, nor where to.
 */
export class PressDrag {
  readonly #options: Options;
  #id: string | undefined;
  #isLifted = false;
  #hasMoved = false;
  #from = { x: 0, y: 0 };
  #last = { x: 0, y: 0 };
  #rest: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #stop: (() => void) | undefined;
  #quietUntil = -Infinity;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Put on what holds the things: asked for only once a finger drags, the browser would scroll and take the touch away. */
  readonly holdsTouch: Attachment<HTMLElement> = (element) => {
    const hold = (touch: TouchEvent): void => {
      if (this.#isLifted && touch.cancelable) touch.preventDefault();
    };
    element.addEventListener('touchmove', hold, { passive: false });
    return () => element.removeEventListener('touchmove', hold);
  };

  /** The click that ends a drag opens nothing. It may be heard late by a busy page: what counts is when it was made. */
  isQuiet({ timeStamp }: Event): boolean {
    return timeStamp < this.#quietUntil;
  }

  /** A handle was taken: it is lifted at once. */
  grip(event: PointerEvent, id: string): void {
    if (event.button !== 0 || !event.isPrimary || !this.#options.canDrag()) return;
    event.preventDefault();
    event.stopPropagation();
    this.#begin(event, id);
    this.#lift();
  }

  /** A mouse went down on the thing itself: moving it lifts it. */
  pull(event: PointerEvent, id: string): void {
    if (event.pointerType === 'mouse' && event.button === 0 && this.#options.canDrag()) this.#begin(event, id);
  }

  /** A finger came down: it may become a long press. */
  touch(event: PointerEvent, id: string): void {
    if (event.pointerType === 'mouse' || !event.isPrimary) return;
    this.#begin(event, id);
    this.#rest = setTimeout(() => {
      navigator.vibrate?.(10);
      if (this.#options.canDrag()) return this.#lift();
      this.#end('cancelled');
      this.#hush(performance.now());
      this.#options.onrest(id);
    }, LONG_PRESS_MS);
  }

  #begin(event: PointerEvent, id: string): void {
    this.#end('cancelled');
    this.#id = id;
    this.#from = this.#last = { x: event.clientX, y: event.clientY };
    this.#hasMoved = false;
    const isMouse = event.pointerType === 'mouse';
    const isOther = (other: PointerEvent): boolean => other.pointerId !== event.pointerId;
    const move = (moved: PointerEvent): void => (isOther(moved) ? undefined : this.#move(moved, isMouse));
    const up = (raised: PointerEvent): void => {
      if (isOther(raised)) return;
      const hasRested = this.#isLifted && !this.#hasMoved && !isMouse;
      if (this.#isLifted) this.#hush(raised.timeStamp);
      this.#end(this.#hasMoved ? 'dropped' : 'cancelled');
      if (hasRested) this.#options.onrest(id);
    };
    const cancel = (gone: PointerEvent): void => (isOther(gone) ? undefined : this.#end('cancelled'));
    const key = (pressed: KeyboardEvent): void => {
      if (pressed.key !== 'Escape' || !this.#isLifted) return;
      pressed.stopPropagation();
      this.#end('cancelled');
    };
    const quiet = (menu: Event): void => menu.preventDefault();
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', cancel);
    window.addEventListener('keydown', key, true);
    if (!isMouse) window.addEventListener('contextmenu', quiet);
    this.#stop = () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', cancel);
      window.removeEventListener('keydown', key, true);
      // The menu of a long press comes after the finger has gone up.
      setTimeout(() => window.removeEventListener('contextmenu', quiet), QUIET_MS);
    };
  }

  #lift(): void {
    if (this.#id === undefined) return;
    this.#isLifted = true;
    this.#options.onlift(this.#id);
    this.#frame = requestAnimationFrame(() => this.#followEdge());
  }

  #move(event: PointerEvent, isMouse: boolean): void {
    this.#last = { x: event.clientX, y: event.clientY };
    const isFar = Math.hypot(event.clientX - this.#from.x, event.clientY - this.#from.y) > STILL_PX;
    if (!this.#isLifted) {
      if (!isFar) return;
      if (!isMouse) return this.#end('cancelled');
      this.#lift();
    }
    this.#hasMoved ||= isFar;
    this.#tell();
  }

  #tell(): void {
    if (this.#id === undefined || !this.#hasMoved) return;
    const { x, y } = this.#last;
    this.#options.onmove(this.#id, { y, dx: x - this.#from.x, dy: y - this.#from.y });
  }

  #followEdge(): void {
    if (!this.#isLifted) return;
    const by = this.#hasMoved ? this.#options.edgeAt(this.#last.y, EDGE_PX) : 0;
    if (by !== 0) {
      this.#options.scrollBy(by * EDGE_STEP_PX);
      this.#tell();
    }
    this.#frame = requestAnimationFrame(() => this.#followEdge());
  }

  #hush(from: number): void {
    this.#quietUntil = from + QUIET_MS;
  }

  #end(how: 'dropped' | 'cancelled'): void {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
    this.#stop?.();
    this.#stop = undefined;
    const [id, wasLifted] = [this.#id, this.#isLifted];
    this.#id = undefined;
    this.#isLifted = false;
    if (id === undefined || !wasLifted) return;
    if (how === 'dropped') this.#options.ondrop(id);
    else this.#options.oncancel(id);
  }
}
