import { expect } from '@playwright/test';
import { addTask, invite, listIdOf, makeList, openList, row } from './product/list-page.ts';
import { newAddress, PASSWORD, test } from './product/people.ts';

test('a viewer sees everything at once and is offered nothing that they may not do', async ({ signUp }) => {
  const [ada, linus] = [await signUp('Ada', 0), await signUp('Linus', 1)];
  await makeList(ada.page, 'Read only');
  await addTask(ada.page, 'Look but do not touch');
  await invite(ada.page, linus.email, 'Can view');
  await openList(linus, 'Read only');
  await expect(row(linus.page, 'Look but do not touch')).toBeVisible();
  await expect(linus.page.getByRole('textbox', { name: 'New task' })).toBeHidden();
  await expect(row(linus.page, 'Look but do not touch').getByRole('checkbox')).toBeDisabled();
  await addTask(ada.page, 'And this');
  await expect(row(linus.page, 'And this')).toBeVisible();

  const answer = await linus.context.request.post(`/api/v1/lists/${listIdOf(linus.page)}/tasks`, {
    data: { title: 'Sneaked in' },
  });
  expect(answer.status()).toBe(403);
  expect(await answer.json()).toMatchObject({ code: 'forbidden' });
});

test('whoever is removed is told, and the list is gone from their window', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  await makeList(ada.page, 'For a while');
  await addTask(ada.page, 'Shared for now');
  await invite(ada.page, grace.email);
  await openList(grace, 'For a while');
  await expect(row(grace.page, 'Shared for now')).toBeVisible();
  const members = await ada.context.request.get(`/api/v1/lists/${listIdOf(ada.page)}/members`);
  const { items } = (await members.json()) as { items: { userId: string; role: string }[] };
  const member = items.find(({ role }) => role === 'editor');
  const removal = await ada.context.request.delete(`/api/v1/lists/${listIdOf(ada.page)}/members/${member?.userId}`);
  expect(removal.status()).toBe(204);
  await expect(row(grace.page, 'Shared for now')).toBeHidden();
  await expect(grace.page.getByRole('link', { name: /For a while/u })).toBeHidden();
});

test('signing out elsewhere ends this window', async ({ signUp, openProfile }) => {
  const ada = await signUp('Ada', 0);
  await makeList(ada.page, 'Mine');
  const other = await openProfile(1, { storageState: await ada.context.storageState() });
  await other.request.post('/api/auth/sign-out', { data: {} });
  await expect(ada.page.getByText(/sign in|signed out/iu).first()).toBeVisible();
});

test('a guest tries everything and keeps it on signing up', async ({ openProfile }) => {
  const page = await (await openProfile()).newPage();
  await page.goto('/');
  await page.getByRole('button', { name: 'Try it without an account' }).click();
  await page.getByRole('button', { name: 'Name it myself' }).click();
  const field = page.locator('input:focus');
  await field.fill('Guest list');
  await field.press('Enter');
  await addTask(page, 'Made as a guest');
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill('Gerda');
  await page.getByLabel('E-mail').fill(newAddress('gerda'));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page
    .getByRole('link', { name: /Guest list/u })
    .first()
    .click();
  await expect(row(page, 'Made as a guest')).toBeVisible();
  await addTask(page, 'Made with an account');
  await page.reload();
  await expect(row(page, 'Made as a guest')).toBeVisible();
  await expect(row(page, 'Made with an account')).toBeVisible();
});
