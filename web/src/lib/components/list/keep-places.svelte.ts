import { onMount, untrack } from 'svelte';
import type { Muster } from '#lib/state/muster.svelte.ts';
import { FocusKeeper } from './focus-keeper.ts';
import type { GridScroll } from './grid-scroll.svelte.ts';
import type { Line } from './lines.ts';

/** A change of the list so soon after an edit of this page is its own. */
const OWN_MS = 150;

interface Options {
  muster: Muster;
  scroll: GridScroll;
  lines: () => readonly Line[];
  /** The row under the hand. */
  hand: () => string | null;
  element: () => HTMLElement | undefined;
}

/**
 * Others' changes move everything but the row under the hand; one's own slide to their places. Called while a grid's
 * component is made.
 */
export function keepPlaces({ muster, scroll, lines, hand, element }: Options): void {
  const focus = new FocusKeeper(element);
  let lastOwnAt = -Infinity;
  let order = '';
  /** Where lines stood at the last paint. */
  let tops = new Map<string, number>();
  let anchor: { key: string; top: number } | undefined;

  onMount(() =>
    muster.on('entities', (changes) => {
      if (changes.some(({ origin }) => origin === 'local')) lastOwnAt = performance.now();
    }),
  );

  // Before the page changes: what must stay, and where it is.
  $effect.pre(() => {
    const next = lines()
      .map((line) => line.key)
      .join();
    untrack(() => {
      const isMoved = order !== '' && next !== order;
      order = next;
      anchor = undefined;
      if (!isMoved) return;
      focus.hold();
      if (performance.now() - lastOwnAt > OWN_MS) anchor = standing();
      if (!anchor) scroll.slide();
    });
  });

  // After it has changed and before it is painted: put it back.
  $effect(() => {
    void lines();
    untrack(() => {
      focus.give(() => element()?.querySelector<HTMLElement>('[data-key][tabindex="0"]'));
      if (anchor) scroll.restore(anchor);
      anchor = undefined;
    });
  });

  $effect(() => {
    const now = lines();
    const next = new Map<string, number>();
    for (const [at, line] of now.entries()) next.set(line.key, (scroll.offsets[at] ?? 0) + scroll.lead);
    tops = next;
    untrack(() => scroll.remember());
  });

  function standing(): { key: string; top: number } | undefined {
    for (const key of [hand(), scroll.firstSeen]) {
      const top = key === null ? undefined : tops.get(key);
      if (key !== null && top !== undefined && scroll.topOf(key) !== undefined) return { key, top };
    }
    return undefined;
  }
}
