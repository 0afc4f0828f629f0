import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildPage } from '../../../scripts/launch/page.ts';
import type { MeasureContext } from '../measure-context.ts';
import { Product } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { quantileOf, show } from '../statistics.ts';
import { keepInteractions, takeInteractions, type Interaction } from './interactions.ts';
import { launchBrowser, openList, openProfile } from './open-page.ts';
import { StormWriter } from './storm-writer.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TASKS = 2_000;
const STORM_PER_SECOND = 50;
const GOAL_PAINT_MS = 100;
const GOAL_WORK_MS = 16;

/** A person at work in the built page, in a list of 2,000 tasks, by themselves and while others change it. */
export async function measurePage({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const rounds = isQuick ? 2 : 8;
  const product = await Product.start(stores, 'page', { env: { WEB_ROOT: await buildPage(ROOT, say) } });
  const browser = await launchBrowser();
  try {
    const person = await product.signUp();
    const listId = await product.createList([person]);
    say(`writing ${TASKS} tasks`);
    const storm = await StormWriter.prepare(product.gateways[1]!.url, person.token, listId, TASKS);
    const page = await (await openProfile(browser, product.gateways[0]!.url, person.email)).newPage();
    await keepInteractions(page);
    await openList(page, listId);
    await work(page, 0);
    await takeInteractions(page);
    const calm: Interaction[] = [];
    const stormy: Interaction[] = [];
    for (let round = 1; round <= rounds; round++) {
      await work(page, round);
      calm.push(...(await takeInteractions(page)));
      storm.start(STORM_PER_SECOND);
      await work(page, round + 0.5);
      stormy.push(...(await takeInteractions(page)));
      await storm.stop();
    }
    storm.close();
    return {
      rows: [...rowsOf('by oneself', calm), ...rowsOf(`while ${STORM_PER_SECOND} changes a second come in`, stormy)],
      notes: [
        `${calm.length} interactions by oneself and ${stormy.length} in the storm; Chromium ${browser.version()}. The ` +
          'browser tells the time to the next paint in steps of 8 ms.',
      ],
    };
  } finally {
    await browser.close();
    await product.stop();
  }
}

function rowsOf(when: string, interactions: Interaction[]): Result['rows'] {
  const paint = quantileOf(
    interactions.map(({ paintMs }) => paintMs),
    0.98,
  );
  const edit = quantileOf(
    interactions.map(({ workMs }) => workMs),
    0.5,
  );
  return [
    {
      ...{ name: `a press or key until the next paint, p98 (INP), ${when}`, measured: show(paint, 'ms') },
      ...{ goal: `below ${GOAL_PAINT_MS} ms`, isMet: paint < GOAL_PAINT_MS },
    },
    {
      ...{ name: `of it our own work, median, ${when}`, measured: show(edit, 'ms') },
      ...{ goal: `below ${GOAL_WORK_MS} ms`, isMet: edit < GOAL_WORK_MS },
    },
  ];
}

/** New tasks by the keyboard, the focus up and down, completing and reopening, a selection: some thirty interactions. */
async function work(page: Page, round: number): Promise<void> {
  const field = page.getByRole('textbox', { name: 'New task' });
  for (let n = 0; n < 3; n++) {
    await field.click();
    await page.keyboard.type(`Made ${round} ${n}`);
    await page.keyboard.press('Enter');
  }
  const rows = page.getByRole('treegrid').getByRole('row');
  await rows.nth(3).focus();
  for (const key of ['j', 'j', 'k', 'Space', 'Space', 'x', 'j', 'x', 'Escape', 'Alt+ArrowUp', 'Alt+ArrowDown'])
    await page.keyboard.press(key);
}
