import type { Page } from 'playwright-core';

declare global {
  interface Window {
    /** When each title came to stand on this page, on the clock that all tabs of a browser share. */
    shownAt: Map<string, number>;
    pressedAt: number[];
  }
}

/** Has the page note when titles appear and when Enter is pressed. */
export async function watchPage(page: Page): Promise<void> {
  await page.evaluate(() => {
    const clock = (at: number) => performance.timeOrigin + at;
    window.shownAt = new Map();
    window.pressedAt = [];
    addEventListener(
      'keydown',
      (event) => event.key === 'Enter' && window.pressedAt.push(clock(event.timeStamp)),
      true,
    );
    const look = (node: Node) => {
      const element = node instanceof Element ? node : node.parentElement;
      const texts = element?.closest('[data-task-id]') ? [element.closest('[data-task-id]')!] : [];
      for (const row of [...texts, ...(element?.querySelectorAll('[data-task-id]') ?? [])]) {
        const title = row.querySelector('[dir]')?.textContent?.trim();
        if (title && !window.shownAt.has(title)) window.shownAt.set(title, clock(performance.now()));
      }
    };
    new MutationObserver((mutations) => {
      for (const { target, addedNodes } of mutations) {
        look(target);
        addedNodes.forEach(look);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

/**
 * When the title came to stand on the page; waits for it.
 * @throws {Error} that says what stands there instead
 */
export async function shownAt(page: Page, title: string): Promise<number> {
  try {
    const handle = await page.waitForFunction((wanted) => window.shownAt.get(wanted), title, { polling: 20 });
    return (await handle.jsonValue()) as number;
  } catch (cause) {
    const instead = await page.evaluate(() => ({
      rows: [...document.querySelectorAll('[data-task-id] [dir]')].slice(-3).map((row) => row.textContent?.trim()),
      said: [...document.querySelectorAll('[role=status], [role=alert], [role=dialog]')]
        .map((element) => element.textContent?.trim())
        .filter(Boolean),
      ...{ isHidden: document.hidden, typed: document.querySelector<HTMLInputElement>('input, textarea')?.value },
    }));
    throw new Error(`"${title}" does not stand there; instead ${JSON.stringify(instead)}`, { cause });
  }
}

/** When Enter was pressed last. */
export const pressedAt = (page: Page): Promise<number> => page.evaluate(() => window.pressedAt.at(-1) ?? 0);
