import { expect, type Page } from '@playwright/test';
import { makeList, shareList } from './product/list-page.ts';
import { Network } from './product/network.ts';
import { test } from './product/people.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;

const openSheet = (page: Page): Promise<void> =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: 'Lists', exact: true }).click();
/** What a finger at the middle of it would hit is in it. */
const isOnTop = (page: Page, name: string): Promise<boolean> =>
  page.getByRole('dialog', { name }).evaluate((dialog) => {
    const { left, top, width, height } = dialog.getBoundingClientRect();
    return dialog.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });

test('the doctor can be asked without a network, and where no service worker holds the page', async ({ signUp }) => {
  const ada = await signUp('Ada', 0, { serviceWorkers: 'block' });
  const network = await Network.of(ada.context);
  await makeList(ada.page, 'Far from any mast');
  // Nobody has opened it: its code comes by itself, once the page has nothing else to do.
  await ada.page.waitForFunction(() => performance.now() > 6_000);
  await ada.page.waitForLoadState('networkidle');
  await network.cut();
  await ada.page.getByRole('button', { name: /Why\?/u }).click();
  const doctor = ada.page.getByRole('dialog');
  await expect(doctor.getByRole('button', { name: 'Check again' })).toBeVisible();
  await expect(ada.page.getByText('This part could not be fetched')).toBeHidden();
  await network.mend();
});

test('on a phone a dialog lies over the lists, and gives the focus back to them', async ({ signUp }) => {
  const ada = await signUp('Ada', 0, PHONE);
  await shareList(ada, [], 'In the pocket', ['Keys']);
  const { page } = ada;
  await openSheet(page);
  const lists = page.getByRole('dialog', { name: 'Lists' });
  const account = lists.getByRole('button', { name: /Account$/u });
  await account.click();
  await page.getByRole('menuitem', { name: 'Connection' }).click();
  const doctor = page.getByRole('dialog', { name: 'Everything is in step' });
  await expect(doctor.getByRole('button', { name: 'Check again' })).toBeVisible();
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  expect(await isOnTop(page, 'Everything is in step')).toBe(true);
  // What is left to see of the sheet below is under the veil: a press on it closes what lies over it, and nothing else.
  const top = await lists.boundingBox();
  const hit = await page.evaluate(
    ([x, y]) => document.elementFromPoint(x!, y!)?.closest('[role="dialog"]')?.getAttribute('aria-label') ?? 'veil',
    [195, top!.y + 20],
  );
  expect(hit).toBe('veil');
  await page.touchscreen.tap(195, top!.y + 20);
  await expect(doctor).toBeHidden();
  await expect(lists).toBeVisible();
  await expect(account).toBeFocused();

  await account.click();
  await page.getByRole('menuitem', { name: 'Connection' }).click();
  await expect(doctor).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(doctor).toBeHidden();
  await expect(account).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(lists).toBeHidden();
});
