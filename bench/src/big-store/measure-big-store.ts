import { medianOf } from '../commit/figures.ts';
import type { MeasureContext } from '../measure-context.ts';
import type { Result } from '../report/row.ts';
import { show } from '../statistics.ts';
import { BrowserPage } from './browser-page.ts';
import type { PageCalls } from './page.ts';

const LISTS = 500;
const TASKS_EACH = 100;
const GOAL_MS = 1_000;
const WARM_UP = 1;

declare const bigStore: PageCalls;

/** 500 lists with 50,000 tasks in a browser's own store: a reload without a server, and a search over all of it. */
export async function measureBigStore({ isQuick, say }: Pick<MeasureContext, 'isQuick' | 'say'>): Promise<Result> {
  const rounds = isQuick ? 2 : 9;
  const browser = await BrowserPage.open('page.ts');
  try {
    const { page, version } = browser;
    say(`writing ${LISTS} lists with ${LISTS * TASKS_EACH} tasks`);
    await page.evaluate(([lists, tasks]) => bigStore.fill(lists!, tasks!), [LISTS, TASKS_EACH]);
    const slices: Awaited<ReturnType<PageCalls['open']>>[] = [];
    for (let round = -WARM_UP; round < rounds; round++) {
      await page.reload();
      const slice = await page.evaluate(() => bigStore.open());
      if (slice.lists !== LISTS || slice.tasks < LISTS * TASKS_EACH)
        throw new Error(`${slice.lists} lists with ${slice.tasks} tasks were there`);
      if (round >= 0) slices.push(slice);
    }
    const median = (of: (slice: (typeof slices)[number]) => number) => medianOf(slices.map(of));
    const reload = median(({ sinceReloadMs }) => sinceReloadMs);
    const row = (name: string, ms: number) => ({ name, measured: show(ms, 'ms') });
    return {
      rows: [
        {
          ...row('from a reload until all lists and tasks are there', reload),
          ...{ goal: `below ${GOAL_MS.toLocaleString('en-US')} ms`, isMet: reload < GOAL_MS },
        },
        row(
          'of it, from starting the client',
          median(({ hydrateMs }) => hydrateMs),
        ),
        row(
          'every task of every list, read for the first time',
          median(({ allMs }) => allMs),
        ),
        row(
          'a search over all tasks, the first',
          median(({ firstSearchMs }) => firstSearchMs),
        ),
        row(
          'a search over all tasks, the slowest of three',
          median(({ searchMs }) => searchMs),
        ),
        row(
          'an edit, until it shows',
          median(({ editMs }) => editMs),
        ),
      ],
      notes: [`Chromium ${version}, medians of ${rounds} reloads.`],
    };
  } finally {
    await browser.close();
  }
}
