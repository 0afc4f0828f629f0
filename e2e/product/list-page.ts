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

/** Focuses a task's row, so that keys are meant for it. */
async function focusRow(page: Page, title: string): Promise<Locator> {
  const found = row(page, title);
  await found.focus();
  await expect(found).toBeFocused();
  return found;
}

export async function renameTask(page: Page, from: string, to: string): Promise<void> {
  await focusRow(page, from);
  await page.keyboard.press('e');
  const field = page.getByRole('treegrid').getByRole('textbox', { name: 'Title' });
  await field.fill(to);
  await field.press('Enter');
  await expect(row(page, to)).toBeVisible();
}

export async function deleteTask(page: Page, title: string): Promise<void> {
  await focusRow(page, title);
  await page.keyboard.press('Delete');
  await expect(row(page, title)).toBeHidden();
}

export async function moveTask(page: Page, title: string, by: 'ArrowUp' | 'ArrowDown', times = 1): Promise<void> {
  await focusRow(page, title);
  for (let step = 0; step < times; step += 1) await page.keyboard.press(`Alt+${by}`);
}

/** Drags a task by its handle onto another's place. */
export async function dragTask(page: Page, title: string, onto: string): Promise<void> {
  const [from, to] = [await row(page, title).boundingBox(), await row(page, onto).boundingBox()];
  if (!from || !to) throw new Error(`${title} or ${onto} is not drawn`);
  await row(page, title).hover();
  await page.mouse.move(from.x + 8, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + 8, to.y + to.height / 2, { steps: 4 });
  await page.mouse.up();
}

/** The titles of the open tasks as they stand on the page, from top to bottom. */
export const titles = (page: Page): Promise<string[]> =>
  page
    .getByRole('treegrid')
    .locator('[data-task-id]')
    .evaluateAll((rows) =>
      rows
        .map((one) => ({
          at: Number(one.getAttribute('aria-rowindex')),
          title: one.querySelector('[dir]')?.textContent,
        }))
        .sort((a, b) => a.at - b.at)
        .map(({ title }) => title?.trim() ?? ''),
    );

/** Waits until all windows show these open tasks in this order, each once. */
export async function expectTitles(pages: Page[], expected: string[]): Promise<void> {
  for (const page of pages) await expect.poll(() => titles(page), { timeout: 15_000 }).toEqual(expected);
}

/** Waits until all windows show the same, and what the server has. @returns it */
export async function expectSame(pages: Page[], listId: string): Promise<string[]> {
  let stored: string[] = [];
  await expect(async () => {
    stored = await storedTitles(pages[0]!, listId);
    for (const page of pages) expect(await titles(page)).toEqual(stored);
  }).toPass({ timeout: 20_000 });
  return stored;
}

/** The open tasks as the server has them. */
export async function storedTitles(page: Page, listId: string): Promise<string[]> {
  const answer = await page.context().request.get(`/api/v1/lists/${listId}/tasks?done=false&limit=100`);
  const { items } = (await answer.json()) as { items: { title: string; pos: string; id: string }[] };
  return items
    .sort((a, b) => (a.pos < b.pos ? -1 : a.pos > b.pos ? 1 : a.id < b.id ? -1 : 1))
    .map(({ title }) => title);
}

/** A list with tasks, made without the page, that others edit too; everyone's page shows it. */
export async function shareList(owner: Person, others: Person[], title: string, tasks: string[]): Promise<string> {
  const { request } = owner.context;
  const made = await request.post('/api/v1/lists', { data: { title } });
  const { id } = (await made.json()) as { id: string };
  for (const task of tasks) await request.post(`/api/v1/lists/${id}/tasks`, { data: { title: task } });
  for (const { email } of others)
    await request.post(`/api/v1/lists/${id}/members`, { data: { email, role: 'editor' } });
  for (const { page } of [owner, ...others]) await openTab(page, id, title);
  return id;
}

/** Opens a list in a tab, and waits until it is there. */
export async function openTab(page: Page, listId: string, title: string): Promise<Page> {
  await page.goto(`/lists/${listId}`);
  await expect(page.getByRole('heading', { name: title, level: 1 })).toBeVisible();
  return page;
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
