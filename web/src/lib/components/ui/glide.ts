import type { Attachment } from 'svelte/attachments';
import { prefersReducedMotion } from 'svelte/motion';

/**
 * Put on what holds a list: children that come to stand elsewhere, since others came, went or were moved, glide there.
 * (Svelte's `animate:` does as much, and brings all of its transitions along: 2 kB of the first page.)
 *
 * @param ms how long it takes; nothing glides where people want no motion
 */
export const glide =
  (ms: number): Attachment<HTMLElement> =>
  (holder) => {
    let places = new Map<Element, number>();
    const read = (): Map<Element, number> => {
      const { top } = holder.getBoundingClientRect();
      return new Map([...holder.children].map((child) => [child, child.getBoundingClientRect().top - top]));
    };
    // It is told before the browser paints what has changed.
    const observer = new MutationObserver(() => {
      const before = places;
      places = read();
      if (prefersReducedMotion.current) return;
      for (const [child, top] of places) {
        const from = before.get(child);
        if (from === undefined || from === top) continue;
        child.animate([{ transform: `translateY(${from - top}px)` }, { transform: 'none' }], {
          duration: ms,
          easing: 'ease-out',
        });
      }
    });
    places = read();
    observer.observe(holder, { childList: true });
    return () => observer.disconnect();
  };
