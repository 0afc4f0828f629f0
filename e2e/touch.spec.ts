import { expect, type Locator, type Page } from '@playwright/test';
import { Finger } from './product/finger.ts';
import { expectTitles, openTab, row, shareList } from './product/list-page.ts';
import { test, type Person } from './product/people.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;
/** Longer than the page's long press, shorter than Chromium's own (500 ms). */
const LIFTED_AFTER_MS = 450;
const TASKS = ['Charts', 'Oars', 'Ropes', 'Varnish'];

/** A phone whose person has these lists, the sheet with them open. */
async function withLists(person: Person, titles: string[]): Promise<Locator> {
  for (const title of titles) await person.context.request.post('/api/v1/lists', { data: { title } });
  await person.page.goto('/today');
  await openSheet(person.page);
  const sheet = person.page.getByRole('dialog', { name: 'Lists' });
  await expect(link(sheet, titles.at(-1)!)).toBeVisible();
  // It slides in: a finger would miss what still moves.
  await person.page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  return sheet;
}
/** By the bar below: the page's own button for it has the same name. */
const openSheet = (page: Page): Promise<void> =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: 'Lists', exact: true }).click();
const link = (sheet: Locator, title: string): Locator =>
  sheet.getByRole('link', { name: new RegExp(`^${title}`, 'u') });
const listTitles = (sheet: Locator): Promise<string[]> =>
  sheet.locator('a[href^="/lists/"]').evaluateAll((links) => links.map((a) => a.textContent.trim().split(/\s+/u)[0]!));
const middleOf = async (target: Locator): Promise<number> => {
  const box = await target.boundingBox();
  return box!.y + box!.height / 2;
};
const scrolledBy = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, ...[...document.querySelectorAll('.scroll-y')].map(({ scrollTop }) => scrollTop)));

/** Lists that were let go in motion roll on for a while; a finger then stops them and lifts nothing. */
const standStill = async (page: Page): Promise<void> => {
  let before = -1;
  await expect.poll(async () => before === (before = await scrolledBy(page)), { intervals: [200] }).toBe(true);
};

test('a finger that rests on a list drags it, and another device shows the new order', async ({ signUp }) => {
  const ada = await signUp('Ada', 0, PHONE);
  const sheet = await withLists(ada, ['Harbour', 'Garden', 'Kitchen']);
  const finger = await Finger.on(ada.page);

  await finger.lift(link(sheet, 'Kitchen'));
  await finger.moveTo((await middleOf(link(sheet, 'Harbour'))) - 12);
  await finger.up();
  await expect.poll(() => listTitles(sheet)).toEqual(['Kitchen', 'Harbour', 'Garden']);
  await expect(sheet.getByText('Kitchen: place 1 of 3')).toBeAttached();
  // The finger that let go opened nothing.
  expect(new URL(ada.page.url()).pathname).toBe('/today');

  await ada.page.reload();
  await openSheet(ada.page);
  await expect.poll(() => listTitles(sheet)).toEqual(['Kitchen', 'Harbour', 'Garden']);

  // A finger that rests and lets go is offered the same in words; one that taps opens the list.
  await ada.page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  await ada.page.evaluate(() => {
    const beBusy = () => {
      const until = performance.now() + 200;
      while (performance.now() < until);
    };
    window.addEventListener('touchend', beBusy, { once: true });
  });
  // So short that the browser still takes it for a tap, whose click a busy page hears late.
  await finger.down(link(sheet, 'Garden'));
  await ada.page.waitForTimeout(LIFTED_AFTER_MS);
  await finger.up();
  await ada.page.getByRole('button', { name: 'Move up' }).click();
  await expect.poll(() => listTitles(sheet)).toEqual(['Kitchen', 'Garden', 'Harbour']);
  await link(sheet, 'Garden').tap();
  await expect(ada.page.getByRole('heading', { name: 'Garden', level: 1 })).toBeVisible();
});

test('a finger that moves at once scrolls the lists; one that drags to the edge takes them along', async ({
  signUp,
}) => {
  const ada = await signUp('Ada', 0, PHONE);
  const names = Array.from({ length: 24 }, (_, at) => `List${String(at).padStart(2, '0')}`);
  const sheet = await withLists(ada, names);
  const finger = await Finger.on(ada.page);

  await finger.down(link(sheet, 'List05'));
  await finger.moveTo(120);
  await finger.up();
  await expect.poll(() => scrolledBy(ada.page)).toBeGreaterThan(60);
  expect(await listTitles(sheet)).toEqual(names);
  await standStill(ada.page);
  await ada.page.evaluate(() => document.querySelectorAll('.scroll-y').forEach((box) => (box.scrollTop = 0)));

  await finger.lift(link(sheet, 'List01'));
  await finger.moveTo(825);
  await expect(link(sheet, 'List23')).toBeInViewport();
  await finger.up();
  await expect.poll(async () => (await listTitles(sheet)).indexOf('List01')).toBeGreaterThan(12);
});

test('a finger that rests on a task drags it, in the eyes of everybody', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0, PHONE), await signUp('Grace', 1)];
  const listId = await shareList(ada, [grace], 'Harbour', TASKS);
  await openTab(ada.page, listId, 'Harbour');
  await expectTitles([ada.page, grace.page], TASKS);
  const finger = await Finger.on(ada.page);

  await finger.lift(row(ada.page, 'Varnish'));
  await finger.moveTo((await middleOf(row(ada.page, 'Charts'))) - 12);
  await finger.up();
  await expectTitles([ada.page, grace.page], ['Varnish', 'Charts', 'Oars', 'Ropes']);
  await expect(ada.page.getByText('Moved: Varnish')).toBeAttached();
});
