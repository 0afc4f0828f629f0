import type { PageEvent, PagePort } from './types.ts';

/** This page as its browser sees it. Undefined where there is none: a script. */
export function createBrowserPage(): PagePort | undefined {
  if (typeof globalThis.addEventListener !== 'function') return undefined;
  const page = typeof document === 'undefined' ? undefined : document;
  return {
    get isHidden() {
      return page?.visibilityState === 'hidden';
    },
    get hasNetwork() {
      return globalThis.navigator?.onLine !== false;
    },
    watch(hear) {
      const ended = new AbortController();
      const on = (target: EventTarget | undefined, name: string, tell: (event: Event) => PageEvent | undefined) =>
        target?.addEventListener(
          name,
          (event) => {
            const told = tell(event);
            if (told) hear(told);
          },
          { signal: ended.signal },
        );
      on(page, 'visibilitychange', () => (page?.visibilityState === 'hidden' ? 'hidden' : 'shown'));
      on(page, 'freeze', () => 'frozen');
      on(page, 'resume', () => 'thawed');
      // Kept for the way back, a page stands still; one that is not kept ends, and needs nothing.
      on(globalThis, 'pagehide', (event) => ((event as PageTransitionEvent).persisted ? 'frozen' : undefined));
      on(globalThis, 'pageshow', (event) => ((event as PageTransitionEvent).persisted ? 'thawed' : undefined));
      on(globalThis, 'online', () => 'network');
      on(globalThis, 'offline', () => 'network');
      return () => ended.abort();
    },
  };
}
