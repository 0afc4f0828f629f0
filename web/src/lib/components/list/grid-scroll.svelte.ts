import type { Attachment } from 'svelte/attachments';
import { lineAt, offsetsOf, windowOf } from './grid-window.ts';
import type { Line } from './lines.ts';

/** Lines drawn above and below what is seen. */
const SPARE = 8;
/** A little longer than the slide itself (see the grid's styles). */
const SLIDE_MS = 220;

/**
 * Which lines are drawn and where. Heights are guessed, then measured. When others change the list, the row under the
 * hand (else the first one seen, once the list is scrolled) stays where it is on the glass, and the rest makes room.
 */
export class GridScroll {
  readonly #lines: () => readonly Line[];
  readonly #guess: (line: Line) => number;
  readonly #measured = new Map<string, number>();
  readonly #elements = new Map<Element, string>();
  readonly #observer: ResizeObserver | undefined;
  #version = $state(0);
  #view = $state({ top: 0, height: 900 });
  /** Room kept above the rows, so that the one under the hand stays put when one above it goes. */
  lead = $state(0);
  /** Room below everything, so that a short list can be scrolled as far as its anchor asks. */
  readonly #spacer = document.createElement('div');
  #slack = 0;
  #firstSeen: string | null = null;
  #slideTimer: ReturnType<typeof setTimeout> | undefined;
  #scroller: HTMLElement | undefined;
  #grid: HTMLElement | undefined;

  constructor(lines: () => readonly Line[], guess: (line: Line) => number) {
    this.#lines = lines;
    this.#guess = guess;
    this.#observer =
      typeof ResizeObserver === 'undefined' ? undefined : new ResizeObserver((entries) => this.#measure(entries));
  }

  offsets: Float64Array = $derived.by(() => {
    void this.#version;
    const lines = this.#lines();
    return offsetsOf(lines.length, (at) => {
      const line = lines[at];
      return line ? (this.#measured.get(line.key) ?? this.#guess(line)) : 0;
    });
  });
  height: number = $derived.by(() => (this.offsets.at(-1) ?? 0) + this.lead);
  range: { first: number; last: number } = $derived.by(() =>
    windowOf(this.offsets, this.#view.top - this.lead, this.#view.height, SPARE),
  );

  /** Follows the scroll position; `scroller` is what scrolls, `grid` the element that holds the lines. */
  attach(scroller: HTMLElement, grid: HTMLElement): () => void {
    this.#scroller = scroller;
    this.#grid = grid;
    const read = (): void => this.#read();
    const resized = typeof ResizeObserver === 'undefined' ? undefined : new ResizeObserver(read);
    resized?.observe(scroller);
    scroller.addEventListener('scroll', read, { passive: true });
    scroller.append(this.#spacer);
    read();
    return () => {
      resized?.disconnect();
      this.#observer?.disconnect();
      scroller.removeEventListener('scroll', read);
      this.#spacer.remove();
      clearTimeout(this.#slideTimer);
    };
  }

  /** Put on each drawn line: its true height replaces the guess. */
  measured(key: string): Attachment<HTMLElement> {
    return (element) => {
      this.#elements.set(element, key);
      this.#observer?.observe(element);
      return () => {
        this.#observer?.unobserve(element);
        this.#elements.delete(element);
      };
    };
  }

  topOf(key: string): number | undefined {
    const at = this.#lines().findIndex((line) => line.key === key);
    return at < 0 ? undefined : (this.offsets[at] ?? 0) + this.lead;
  }

  /** The line at a height of the window (`clientY`). */
  lineAtPointer(clientY: number): number {
    const top = this.#grid?.getBoundingClientRect().top ?? 0;
    return lineAt(this.offsets, clientY - top - this.lead);
  }

  /** The height in the window of a line's middle. */
  middleOf(key: string): number {
    const at = this.#lines().findIndex((line) => line.key === key);
    const top = this.#grid?.getBoundingClientRect().top ?? 0;
    return top + this.lead + ((this.offsets[at] ?? 0) + (this.offsets[at + 1] ?? 0)) / 2;
  }

  get scrolled(): number {
    return this.#scroller?.scrollTop ?? 0;
  }

  /** -1 near the upper edge of what scrolls, 1 near the lower, else 0. */
  edgeAt(clientY: number, within: number): -1 | 0 | 1 {
    const box = this.#scroller?.getBoundingClientRect();
    if (!box) return 0;
    return clientY < box.top + within ? -1 : clientY > box.bottom - within ? 1 : 0;
  }

  /** Brings a line into sight, with some room around it. */
  reveal(key: string): void {
    const at = this.#lines().findIndex((line) => line.key === key);
    if (at < 0 || !this.#scroller || !this.#grid) return;
    const start = this.#gridTop() + (this.offsets[at] ?? 0) + this.lead;
    const end = this.#gridTop() + (this.offsets[at + 1] ?? 0) + this.lead;
    const { scrollTop, clientHeight } = this.#scroller;
    const room = Math.min(72, clientHeight / 4);
    if (start - room < scrollTop) this.#scroller.scrollTop = Math.max(0, start - room);
    else if (end + room > scrollTop + clientHeight) this.#scroller.scrollTop = end + room - clientHeight;
    this.#read();
  }

  scrollBy(by: number): void {
    if (this.#scroller) this.#scroller.scrollTop += by;
  }

  /** The first line seen at the last paint, once the list is scrolled: what must not move where no hand is. */
  get firstSeen(): string | null {
    return this.#firstSeen;
  }

  /** Keeps what the glass shows now, for when the list changes. */
  remember(): void {
    const at = lineAt(this.offsets, this.#view.top - this.lead);
    this.#firstSeen = this.#view.top <= 0 ? null : (this.#lines()[at]?.key ?? null);
  }

  /** Where the row begins that has `gap` rows before it, headings and the fold not counted. */
  topOfRow(gap: number): number {
    let rows = 0;
    let end = 0;
    for (const [at, line] of this.#lines().entries()) {
      if (rows === gap) break;
      if (line.kind === 'row') rows++;
      end = this.offsets[at + 1] ?? 0;
    }
    return end + this.lead;
  }

  /** After others changed the list: puts the anchor back where it was. Without one, rows slide to their places. */
  restore(anchor: { key: string; top: number } | undefined): void {
    const top = anchor && this.topOf(anchor.key);
    const by = anchor && top !== undefined ? Math.round(top - anchor.top) : 0;
    if (by === 0) this.slide();
    else this.#shift(by);
  }

  /** For a moment changes of place are shown as a slide (FLIP by CSS: each row's place is a transform). */
  slide(): void {
    this.#grid?.classList.add('sliding');
    clearTimeout(this.#slideTimer);
    this.#slideTimer = setTimeout(() => this.#grid?.classList.remove('sliding'), SLIDE_MS);
  }

  /** The hand has left: the room that was kept for it closes. */
  release(): void {
    if (this.lead === 0) return;
    this.slide();
    this.lead = 0;
  }

  #shift(by: number): void {
    const scroller = this.#scroller;
    if (!scroller || !this.#grid) return;
    clearTimeout(this.#slideTimer);
    this.#grid.classList.remove('sliding');
    const wanted = scroller.scrollTop + by;
    if (wanted < 0) this.lead = Math.max(0, this.lead - wanted);
    const most = scroller.scrollHeight - scroller.clientHeight;
    if (wanted > most) this.#setSlack(this.#slack + wanted - most);
    scroller.scrollTop = Math.max(0, wanted);
    this.#read();
  }

  #setSlack(slack: number): void {
    this.#slack = slack;
    this.#spacer.style.height = `${slack}px`;
  }

  #read(): void {
    const scroller = this.#scroller;
    if (!scroller || !this.#grid) return;
    this.#view = { top: scroller.scrollTop - this.#gridTop(), height: scroller.clientHeight || 900 };
    this.remember();
    if (this.#slack > 0) {
      const unneeded = scroller.scrollHeight - (scroller.scrollTop + scroller.clientHeight);
      this.#setSlack(Math.max(0, this.#slack - Math.max(0, unneeded)));
    }
  }

  /** Where the grid begins in what scrolls. */
  #gridTop(): number {
    const scroller = this.#scroller;
    if (!scroller || !this.#grid) return 0;
    return this.#grid.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  }

  #measure(entries: ResizeObserverEntry[]): void {
    let above = 0;
    let isChanged = false;
    for (const { target } of entries) {
      const key = this.#elements.get(target);
      const height = target instanceof HTMLElement ? target.offsetHeight : 0;
      const line = key === undefined ? undefined : this.#lines().find((other) => other.key === key);
      if (key === undefined || !line || height === 0) continue;
      const before = this.#measured.get(key) ?? this.#guess(line);
      this.#measured.set(key, height);
      if (before === height) continue;
      isChanged = true;
      // Above what is seen a better guess must not push the rest.
      if ((this.topOf(key) ?? 0) + before <= this.#view.top) above += height - before;
    }
    if (!isChanged) return;
    this.#version++;
    if (above !== 0) this.scrollBy(above);
  }
}
