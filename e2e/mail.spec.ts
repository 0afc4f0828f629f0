import { expect, type Page } from '@playwright/test';
import { addTask, invite, makeList, row } from './product/list-page.ts';
import { newAddress, PASSWORD, test } from './product/people.ts';
import { mailsTo } from './product/start.ts';

/** The way in that the newest mail to an address holds, on the page that the test has. */
async function linkIn(page: Page, email: string, path: string): Promise<string> {
  const link = new RegExp(`^https?://[^/]+(/${path}\\S+)$`, 'mu');
  let found: string | undefined;
  await expect(() => {
    found = mailsTo(email).flatMap(({ raw }) => link.exec(raw)?.[1] ?? [])[0];
    expect(found).toBeDefined();
  }).toPass();
  return new URL(found!, page.url()).href;
}

test('an invitation comes by mail, leads to a new account, and into the list', async ({ signUp, openProfile }) => {
  const ada = await signUp('Ada', 0);
  const email = newAddress('Grace');
  await makeList(ada.page, 'Harbour');
  await addTask(ada.page, 'Varnish the boat');
  await invite(ada.page, email);
  const graces = await (await openProfile(1)).newPage();
  await graces.goto('/sign-in');
  await graces.goto(await linkIn(graces, email, 'sign-up'));
  await expect(graces.getByLabel('E-mail')).toHaveValue(email);
  await graces.getByLabel('Name').fill('Grace');
  await graces.getByLabel('Password').fill(PASSWORD);
  await graces.getByRole('button', { name: 'Sign up' }).click();
  await expect(graces.getByRole('heading', { name: 'Harbour', level: 1 })).toBeVisible();
  await expect(row(graces, 'Varnish the boat')).toBeVisible();
});

test('a forgotten password is chosen anew by mail, and the other tab is asked to sign in', async ({
  signUp,
  openProfile,
}) => {
  const ada = await signUp('Ada', 0);
  await makeList(ada.page, 'Harbour');
  const page = await (await openProfile(1)).newPage();
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(ada.email);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await expect(page.getByLabel('E-mail')).toHaveValue(ada.email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByRole('status').getByText('a mail is on its way')).toBeVisible();

  const link = await linkIn(page, ada.email, 'reset-password');
  await page.goto(link);
  await page.getByLabel('New password').fill('a better one, at last');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByLabel('E-mail').fill(ada.email);
  await page.getByLabel('Password').fill('a better one, at last');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Harbour', level: 1 })).toBeVisible();
  await expect(ada.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();

  await page.context().clearCookies();
  await page.goto('/forgot-password');
  await page.goto(link);
  await page.getByLabel('New password').fill('and once more');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('heading', { name: 'This link has ended' })).toBeVisible();
});
