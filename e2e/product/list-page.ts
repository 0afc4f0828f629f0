import { expect, type Locator, type Page } from '@playwright/test';
import { product } from './start.ts';
import type { Person } from './people.ts';

/** What tests do on a list's page, in a person's words. */

export const row = (page: Page, title: string): Locator =>
  page.getByRole('treegrid').getByRole('row').filter({ hasText: title });
export const agent = (page: Page): Locator => page.getByRole('complementary', { name: 'Agent' });

export async function makeList(page: Page, title: string): Promise<void> {
  await page.goto('/');
  await page.getByRole('button', { name: 'Name it myself' }).click();
  // The sidebar, on a phone a sheet, opens with its field focused.
  const field = page.locator('input:focus');
  await field.fill(title);
  await field.press('Enter');
  await expect(page.getByRole('heading', { name: title, level: 1 })).toBeVisible();
}

export async function addTask(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'New task' });
  await field.fill(text);
  await field.press('Enter');
  await expect(field).toHaveValue('');
}

export async function invite(page: Page, email: string, role?: 'Can view' | 'Can edit'): Promise<void> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog');
  if (role) await dialog.getByRole('combobox', { name: 'What they may do' }).selectOption({ label: role });
  await dialog.getByRole('textbox').first().fill(email);
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await expect(dialog.getByText(`${email} is invited`)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
}

export async function openList(person: Person, title: string): Promise<void> {
  await person.page.goto('/');
  await person.page
    .getByRole('link', { name: new RegExp(title, 'u') })
    .first()
    .click();
  await expect(person.page.getByRole('heading', { name: title, level: 1 })).toBeVisible();
}

export async function ask(page: Page, text: string): Promise<void> {
  const field = agent(page).getByRole('textbox', { name: 'Ask the agent' });
  await field.fill(text);
  await field.press('Enter');
}

/** The id of the list that the page shows. */
export const listIdOf = (page: Page): string => /lists\/([0-9a-f-]{36})/u.exec(page.url())?.[1] ?? '';

/** How many gateways serve: the tests are about more than one. */
export const gatewayCount = (): number => product().gateways.length;
