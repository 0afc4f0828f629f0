import type { Page } from 'playwright-core';

/** What the browser measured of one press or key: Event Timing, https://www.w3.org/TR/event-timing/ */
export interface Interaction {
  /** From the press to the next paint, in steps of 8 ms. */
  paintMs: number;
  /** What our own code did meanwhile: the edit's rule, the view, the rows. */
  workMs: number;
}

declare global {
  interface Window {
    interactions: PerformanceEventTiming[];
  }
}

/** Has every page of this browser keep the timing of what a person does in it. */
export async function keepInteractions(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.interactions = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceEventTiming[]) {
        if ((entry as PerformanceEventTiming & { interactionId: number }).interactionId !== 0)
          window.interactions.push(entry);
      }
    }).observe({ type: 'event', durationThreshold: 0, buffered: true } as PerformanceObserverInit);
  });
}

/** What was kept since the last time: an interaction counts by the longest of its events. */
export async function takeInteractions(page: Page): Promise<Interaction[]> {
  // The last ones are told a frame or two after their paint.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 200)));
  const events = await page.evaluate(() => {
    const told = window.interactions as (PerformanceEventTiming & { interactionId: number })[];
    window.interactions = [];
    return told.map(({ interactionId, duration, processingStart, processingEnd }) => ({
      ...{ id: interactionId, duration, work: processingEnd - processingStart },
    }));
  });
  const byId = Map.groupBy(events, ({ id }) => id);
  return [...byId.values()].map((those) => ({
    paintMs: Math.max(...those.map(({ duration }) => duration)),
    workMs: Math.max(...those.map(({ work }) => work)),
  }));
}
