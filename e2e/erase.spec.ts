import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { openTab, renameTask, row, shareList } from './product/list-page.ts';
import { Network } from './product/network.ts';
import { PASSWORD, test } from './product/people.ts';

interface Device {
  page: Page;
  network: Network;
}

/** All that this browser keeps, as text. */
const kept = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const found: unknown[] = [Object.entries(localStorage)];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name!);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error ?? new Error(name));
      });
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store).getAll();
        found.push(await new Promise((resolve) => (reading.onsuccess = () => resolve(reading.result))));
      }
      database.close();
    }
    return JSON.stringify(found);
  });

test('whoever erases themselves is told what goes, and leaves nothing behind', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  await shareList(ada, [], 'Diary', ['Write']);
  const listId = await shareList(ada, [grace], 'Together', ['Row']);
  const { page } = ada;
  await renameTask(page, 'Row', 'Row upstream');
  expect(await kept(page)).toContain('Row upstream');
  const second = await openTab(await ada.context.newPage(), listId, 'Together');

  await page.goto('/settings');
  await page.getByRole('link', { name: /^Delete account/u }).click();
  const main = page.getByRole('main');
  await expect(main.getByText(/nobody else edits: “Diary”/u)).toBeVisible();
  await expect(main.getByText(/go(es)? on without you: “Together”/u)).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).include('main').analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  const submit = main.getByRole('button', { name: 'Delete my account' });
  await main.getByLabel('Your password').fill('wrong horse battery');
  await expect(submit).toBeDisabled();
  await main.getByLabel(/^Type/u).fill('Delete my account');
  await submit.click();
  await expect(main.getByRole('alert')).toHaveText('This is not your password.');
  await main.getByLabel('Your password').fill(PASSWORD);
  await submit.click();

  for (const tab of [page, second]) await expect(tab).toHaveURL(/\/sign-in/u);
  await expect(page.getByText('Your account is deleted')).toBeVisible();
  await expect.poll(() => kept(page)).not.toMatch(/Row|Diary|Together|Ada|ada-/u);
  const entering = { data: { email: ada.email, password: PASSWORD } };
  expect((await ada.context.request.post('/api/auth/sign-in/email', entering)).status()).toBe(401);

  // What was shared is the others' now.
  await expect(row(grace.page, 'Row upstream')).toBeVisible();
  await renameTask(grace.page, 'Row upstream', 'Row alone');
  await grace.page.reload();
  await expect(row(grace.page, 'Row alone')).toBeVisible();
  await expect(grace.page.getByRole('button', { name: 'Share', exact: true })).toBeVisible();
});

test('another device of somebody who is erased is signed out and wiped, and says so', async ({
  signUp,
  openProfile,
}) => {
  const ada = await signUp('Ada', 0);
  const listId = await shareList(ada, [], 'Diary', ['Row']);
  const enter = { data: { email: ada.email, password: PASSWORD } };
  const devices = [];
  for (const at of [0, 1, 1]) {
    const context = await openProfile(at);
    const network = await Network.of(context);
    expect((await context.request.post('/api/auth/sign-in/email', enter)).ok()).toBe(true);
    const page = await openTab(await context.newPage(), listId, 'Diary');
    await expect(row(page, 'Row')).toBeVisible();
    devices.push({ page, network });
  }
  const [online, offline, closed] = devices as [Device, Device, Device];
  await offline.network.cut();
  await renameTask(offline.page, 'Row', 'Row in secret');
  await closed.page.goto('about:blank');

  const erased = await ada.context.request.delete('/api/v1/me', { data: { password: PASSWORD } });
  expect(erased.status()).toBe(204);
  await offline.network.mend();
  await closed.page.goto(`/lists/${listId}`);
  for (const { page } of [online, offline, closed]) {
    await expect(page).toHaveURL(/\/sign-in$/u);
    await expect(page.getByText(/^This account was deleted, and you were signed out/u)).toBeVisible();
    await expect.poll(() => kept(page)).not.toMatch(/Row|Diary|Ada|ada-/u);
    await expect(page.getByLabel('E-mail')).toHaveValue('');
    await page.reload();
    await expect(page.getByText('Welcome back')).toBeVisible();
    await expect(page.getByText(/Your session ended/u)).toBeHidden();
  }
});

test('a session that merely ended leaves what waits for its person', async ({ signUp }) => {
  const ada = await signUp('Ada', 0);
  await shareList(ada, [], 'Diary', ['Row']);
  expect((await ada.context.request.post('/api/auth/revoke-sessions', { data: {} })).ok()).toBe(true);
  await expect(ada.page.getByText(/Your session ended/u)).toBeVisible();
  expect(await kept(ada.page)).toContain('Diary');
});

test('a guest erases themselves by the words alone, on a phone', async ({ openProfile }) => {
  const context = await openProfile(0, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  expect((await context.request.post('/api/auth/sign-in/anonymous', { data: {} })).ok()).toBe(true);
  const page = await context.newPage();
  await page.goto('/settings/delete-account');
  await expect(page.getByLabel('Your password')).toBeHidden();
  await page.getByLabel(/^Type/u).fill('delete my account');
  await page.getByRole('button', { name: 'Delete my account' }).tap();
  await expect(page).toHaveURL(/\/sign-in/u);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
