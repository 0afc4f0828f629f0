import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildPage } from '../../../scripts/launch/page.ts';
import { medianOf } from '../commit/figures.ts';
import type { MeasureContext } from '../measure-context.ts';
import { launchBrowser, openList, openProfile } from '../page/open-page.ts';
import { Product } from '../product/product.ts';
import { WireClient } from '../product/wire-client.ts';
import type { Result } from '../report/row.ts';
import { quantileOf, show } from '../statistics.ts';
import { passBare, prepareBareTabs } from './bare-tabs.ts';
import { pressedAt, shownAt, watchPage } from './page-watch.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TASKS = 200;
const MISSED = 500;
const GOAL_TAB_MS = 50;
const GOAL_CATCH_UP_MS = 500;

/** From tab to tab with no server there, and a tab that comes back after it has missed much. */
export async function measureTabs({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  // All typed rows stand on the screen: a row below it is none.
  const [returns, edits] = isQuick ? [3, 10] : [15, 24];
  const product = await Product.start(stores, 'tabs', { env: { WEB_ROOT: await buildPage(ROOT, say) } });
  const browser = await launchBrowser();
  try {
    const [person, other] = [await product.signUp(), await product.signUp()];
    const listId = await product.createList([person, other]);
    const writer = await WireClient.connect(product.gateways[1]!.url, other.token);
    const taskIds = await writer.createTasks(listId, TASKS);
    const profile = await openProfile(browser, product.gateways[0]!.url, person.email);
    const tabs = [await profile.newPage(), await profile.newPage()] as const;
    for (const tab of tabs) {
      await openList(tab, listId);
      await watchPage(tab);
    }
    const caughtUp: number[] = [];
    for (let round = 0; round <= returns; round++) {
      const tookMs = await comeBack(tabs[1], writer, taskIds, round);
      // The first one also loads what the page loads once.
      if (round > 0) caughtUp.push(tookMs);
    }
    writer.close();
    say('stopping the gateways');
    await product.stop();
    await prepareBareTabs(...tabs);
    const heard: number[] = [];
    const bare: number[] = [];
    for (let n = 0; n <= edits; n++) {
      const tookMs = await typeTask(tabs[0], tabs[1], `Typed for the ${n}th time`);
      const leastMs = await passBare(tabs[0], tabs[1], n);
      if (n === 0) continue;
      heard.push(tookMs);
      bare.push(leastMs);
    }
    return resultOf(caughtUp, heard, bare, browser.version());
  } finally {
    await browser.close();
    await product.stop();
  }
}

/** The tab stands still while others make 500 changes. @returns how long it took from going on to the last of them */
async function comeBack(tab: Page, writer: WireClient, taskIds: string[], round: number): Promise<number> {
  await tab.evaluate(() => document.dispatchEvent(new Event('freeze')));
  const answers: Promise<unknown>[] = [];
  for (let n = 0; n < MISSED; n++) {
    const title = `Missed ${round}.${n}`;
    // The last change is of the first task, which is on the screen.
    const id = taskIds[(MISSED - 1 - n) % taskIds.length];
    answers.push(writer.mutate('task.update', { id, fields: { title } }));
    if (answers.length % 50 === 0) await Promise.all(answers);
  }
  await Promise.all(answers);
  const wentOnAt = await tab.evaluate(() => {
    const at = performance.timeOrigin + performance.now();
    document.dispatchEvent(new Event('resume'));
    return at;
  });
  return (await shownAt(tab, `Missed ${round}.${MISSED - 1}`)) - wentOnAt;
}

async function typeTask(from: Page, to: Page, title: string): Promise<number> {
  const field = from.getByRole('textbox', { name: 'New task' });
  await field.fill(title);
  await field.press('Enter');
  await shownAt(from, title);
  const there = await shownAt(to, title);
  return there - (await pressedAt(from));
}

function resultOf(caughtUp: number[], heard: number[], bare: number[], chromium: string): Result {
  const back = medianOf(caughtUp);
  const tab = (name: string, quantile: number) => {
    const [ours, least] = [quantileOf(heard, quantile), quantileOf(bare, quantile)];
    return {
      row: { name: `an edit, until it stands in another tab, without a server, ${name}`, measured: show(ours, 'ms') },
      beside: { against: show(least, 'ms'), ratio: ours / least },
      ours,
    };
  };
  const [p50, p99] = [tab('p50', 0.5), tab('p99', 0.99)];
  return {
    rows: [
      { ...p50.row, ...p50.beside },
      { ...p99.row, ...p99.beside, goal: `below ${GOAL_TAB_MS} ms`, isMet: p99.ours < GOAL_TAB_MS },
      {
        ...{
          name: `a tab that comes back ${MISSED} changes behind, until it shows the last`,
          measured: show(back, 'ms'),
        },
        ...{ goal: `below ${GOAL_CATCH_UP_MS} ms`, isMet: back < GOAL_CATCH_UP_MS },
      },
    ],
    notes: [
      `${heard.length} edits; ${caughtUp.length} returns, the slowest of them ${show(Math.max(...caughtUp), 'ms')}; ` +
        `Chromium ${chromium}.`,
    ],
  };
}
