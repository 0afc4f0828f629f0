import { expect, type Locator, type Page } from '@playwright/test';
import { agent, ask, invite, openTab, shareList } from './product/list-page.ts';
import { test, type Person } from './product/people.ts';

const TASKS = ['Tent', 'Stove', 'Rope', 'Lamp', 'Map', 'Cups'];
/** Done tasks are what the built-in assistant clears without asking back in words. */
async function completeAll({ context }: Person, listId: string): Promise<void> {
  const { items } = (await (await context.request.get(`/api/v1/lists/${listId}/tasks`)).json()) as {
    items: { id: string }[];
  };
  for (const { id } of items) await context.request.patch(`/api/v1/tasks/${id}`, { data: { done: true } });
}
const fold = (page: Page): Locator => page.getByRole('treegrid').getByText('6 done');
const question = (page: Page): Locator => agent(page).getByRole('group', { name: 'The agent asks' });

test('the agent asks before it deletes many tasks: all see the question, an editor answers, a viewer cannot', async ({
  signUp,
}) => {
  const [ada, grace, vera] = [await signUp('Ada', 0), await signUp('Grace', 1), await signUp('Vera', 1)];
  const listId = await shareList(ada, [grace], 'Camping', TASKS);
  await completeAll(ada, listId);
  await invite(ada.page, vera.email, 'Can view');
  for (const { page } of [grace, vera]) await openTab(page, listId, 'Camping');

  await ask(ada.page, 'clear completed tasks');
  for (const { page } of [ada, grace, vera]) {
    await expect(question(page).getByText('Delete these 6 tasks?')).toBeVisible();
    await expect(question(page).getByText('Lamp')).toBeVisible();
  }
  await expect(question(vera.page).getByRole('button', { name: 'Approve' })).toBeHidden();
  await expect(question(vera.page).getByText('Waits for somebody who may edit this list.')).toBeVisible();
  await question(grace.page).getByRole('button', { name: 'Decline' }).click();
  for (const { page } of [ada, vera])
    await expect(agent(page).getByText('Delete these 6 tasks? Declined by Grace')).toBeVisible();
  for (const { page } of [ada, vera]) await expect(fold(page)).toBeVisible();

  // It waits for as long as it takes, without anybody's page.
  await ask(ada.page, 'clear completed tasks');
  await expect(question(ada.page)).toBeVisible();
  await ada.page.reload();
  await question(ada.page).getByLabel('Answer the same for the rest of this conversation').check();
  await question(ada.page).getByRole('button', { name: 'Approve' }).click();
  for (const { page } of [ada, grace, vera]) {
    await expect(fold(page)).toBeHidden();
    await expect(agent(page).getByText('Approved by')).toBeVisible();
  }

  // Asked once, and answered for the rest of the conversation.
  for (const title of TASKS) await ada.context.request.post(`/api/v1/lists/${listId}/tasks`, { data: { title } });
  await completeAll(ada, listId);
  await expect(fold(grace.page)).toBeVisible();
  await ask(ada.page, 'clear completed tasks');
  for (const { page } of [ada, grace, vera]) {
    await expect(agent(page).getByText(/Approved by .+ for the rest of this conversation/u)).toHaveCount(2);
    await expect(fold(page)).toBeHidden();
  }
  await expect(agent(ada.page).getByText('after an interruption')).toBeHidden();
});
