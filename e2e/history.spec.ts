import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { addTask, invite, listIdOf, makeList, openList, row } from './product/list-page.ts';
import { test } from './product/people.ts';

const history = (page: Page) => page.getByRole('complementary', { name: 'History' });
const then = (page: Page) => page.getByRole('region', { name: 'The list as it was' });

/** The parts that are new here; whole pages are looked at in look.spec.ts. */
async function expectAccessible(page: Page, part: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  );
}

async function openHistory(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sort, group and more' }).click();
  await page.getByRole('menuitem', { name: 'History' }).click();
}

test('two people see who did what, look back together, and bring back what was', async ({ signUp }) => {
  const calm = { reducedMotion: 'reduce' } as const;
  const [ada, grace] = [await signUp('Ada', 0, calm), await signUp('Grace', 1, calm)];
  await makeList(ada.page, 'Sailing');
  await invite(ada.page, grace.email);
  await addTask(ada.page, 'Boat');
  await addTask(ada.page, 'Oars');
  await openList(grace, 'Sailing');
  const page = grace.page;

  // What others do stands there as it happens.
  await openHistory(page);
  await expect(history(page).getByText(/Ada.*made the list “Sailing”/u)).toBeVisible();
  await row(ada.page, 'Boat').getByText('Boat').click();
  const title = ada.page.getByRole('textbox', { name: 'Title' });
  await title.fill('Confirm the boat');
  await title.press('Enter');
  await expect(history(page).getByText(/renamed “Boat” to “Confirm the boat”/u)).toBeVisible();
  await expectAccessible(page, 'aside');

  // An old value comes back for everyone, and goes again by undo.
  await history(page)
    .getByRole('button', { name: /^Restore “Boat”/u })
    .click();
  await expect(title).toHaveValue('Boat');
  await page.keyboard.press('Control+z');
  await expect(title).toHaveValue('Confirm the boat');

  // The open task tells its own.
  await ada.page.getByRole('button', { name: 'History', exact: true }).click();
  await expect(ada.page.getByText('added this task')).toBeVisible();
  await expect(ada.page.getByText(/Grace.*renamed “Confirm the boat” to “Boat”/u)).toBeVisible();
  await expectAccessible(ada.page, 'aside');
  await ada.page.keyboard.press('Escape');
  await row(ada.page, 'Oars').focus();
  await ada.page.keyboard.press('Delete');
  await expect(row(page, 'Oars')).toBeHidden();
  await expect(history(page).getByText(/deleted “Oars”/u)).toBeVisible();

  // The list as it was: a slider over all changes, by keyboard too.
  await history(page).getByRole('button', { name: 'See the list as it was' }).click();
  await expect(then(page).getByText(/The list as it was on/u)).toBeVisible();
  const slider = then(page).getByRole('slider');
  await slider.press('ArrowLeft');
  await expect(then(page).getByText('Oars')).toBeVisible();
  await expect(then(page).getByText('Deleted since')).toBeVisible();
  await expect(slider).toHaveAttribute('aria-valuetext', /renamed|Boat/u);
  await expectAccessible(page, 'main');
  await then(page).getByRole('button', { name: 'Restore this task: Oars' }).click();
  await expect(row(ada.page, 'Oars')).toBeVisible();
  await expect(then(page).getByText('Deleted since')).toBeHidden();

  // Its address says what is shown: a reload stays, Back to now goes, Back comes back.
  await page.reload();
  await expect(then(page).getByText('Oars')).toBeVisible();
  await then(page).getByRole('button', { name: 'Back to now' }).click();
  await expect(row(page, 'Oars')).toBeVisible();
  await page.goBack();
  await expect(then(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(history(page)).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(then(page)).toBeHidden();
});

test('on a phone history is a sheet, and makes room for the list as it was', async ({ signUp }) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;
  const { page } = await signUp('Ada', 0, phone);
  await makeList(page, 'In the pocket');
  await addTask(page, 'Boat');
  await page.goto(`/lists/${listIdOf(page)}?history`);
  const sheet = page.getByRole('dialog', { name: 'History' });
  await sheet
    .getByRole('button', { name: /^The list then/u })
    .first()
    .click();
  await expect(sheet).toBeHidden();
  await expect(then(page).getByText('Boat', { exact: true })).toBeVisible();
  await then(page).getByRole('button', { name: 'One change back' }).click();
  await expect(then(page).getByText('There was nothing on it yet.')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
