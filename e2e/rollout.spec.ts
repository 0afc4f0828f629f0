import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { Crowd } from './product/crowd.ts';
import { addTask, agent, ask, listIdOf, makeList, storedTitles } from './product/list-page.ts';
import { test } from './product/people.ts';
import { product, productData } from './product/start.ts';

const ROOT = join(import.meta.dirname, '..');
/** What the page says when something is the matter, in a banner, a toast or the line about its connection. */
const TROUBLE = /Reconnecting|Offline|Not connected|Catching up|not saved|Saving|wrong|could not|went on after/iu;

const TASK_EVERY_MS = 1_000;

/** `npm run rollout`, without what npm adds. */
async function rollOut(): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'rollout.ts'), '--data', productData()]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += String(bytes)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines: said.trim().split('\n') };
}

/** Everything that the page says of trouble from now on, and whether it was loaded anew. */
async function watchPage(page: Page): Promise<() => Promise<string[]>> {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.evaluate((trouble) => {
    const seen: string[] = [];
    const pattern = new RegExp(trouble, 'iu');
    new MutationObserver(() => {
      const words = document.body.innerText.split('\n').filter((line) => pattern.test(line));
      for (const line of words) if (!seen.includes(line)) seen.push(line);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
    Object.assign(window, { seen });
  }, TROUBLE.source);
  return async () => {
    const seen = await page.evaluate(() => (window as unknown as { seen?: string[] }).seen);
    return [...errors, ...(seen ?? ['the page was loaded anew'])];
  };
}

test('every process is replaced under load, and nobody notices', async ({ openProfile, signUp }) => {
  // On a machine of two cores with nothing else to do it takes half a minute.
  test.setTimeout(240_000);
  const crowd = await Crowd.enter(product().url);
  try {
    // At the front, as everybody: a gateway's own address is away while it is replaced.
    const ada = await signUp('Ada', 0);
    const context = await openProfile(undefined, { storageState: await ada.context.storageState() });
    const page = await context.newPage();
    await makeList(page, 'While it rolls');
    const told = await watchPage(page);
    crowd.act();
    await expect.poll(() => crowd.answers, { timeout: 30_000 }).toBeGreaterThan(0);

    const rolling = rollOut();
    let isRolling = true;
    void rolling.finally(() => (isRolling = false));
    await ask(page, 'add tea and cake');
    const own: string[] = [];
    while (isRolling) {
      own.push(`Task ${own.length + 1}`);
      await addTask(page, own.at(-1)!);
      await page.waitForTimeout(TASK_EVERY_MS);
    }
    const { code, lines } = await rolling;
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: expect.stringMatching(/^All 4 processes are new/) });
    expect(lines.filter((line) => line.includes('ready after'))).toHaveLength(4);

    await crowd.rest();
    expect(crowd.judge()).toEqual([]);
    expect(crowd.edits).toBeGreaterThan(50);
    expect(crowd.streamed).toBeGreaterThan(4);
    await expect.poll(() => storedTitles(page, listIdOf(page))).toEqual(expect.arrayContaining(own));
    await expect.poll(async () => (await storedTitles(page, listIdOf(page))).join()).toMatch(/tea.*cake|cake.*tea/iu);
    await expect(agent(page)).toContainText(/tea/iu);
    expect(await told()).toEqual([]);
    console.log(lines.join('\n'));
    console.log(`${crowd.edits} edits, ${crowd.answers} readings of answers, ${own.length} tasks on the page`);
  } finally {
    await crowd.leave();
  }
});
