import { expect, type Locator, type Page } from '@playwright/test';
import { addTask, agent, ask, invite, listIdOf, makeList, openList, row } from './product/list-page.ts';
import { test } from './product/people.ts';

const toast = (page: Page, text: string | RegExp): Locator => page.getByRole('status').getByText(text);

async function rename(page: Page, title: string, to: string): Promise<void> {
  await row(page, title).focus();
  await page.keyboard.press('e');
  const field = page.getByRole('treegrid').locator('textarea:focus, input:focus');
  await field.fill(to);
  await field.press('Enter');
  await expect(row(page, to)).toBeVisible();
}

/** The page's way to its gateway, which a test can cut and mend. */
async function wireOf(page: Page): Promise<{ cut(): Promise<void>; mend(): void }> {
  let isCut = false;
  const open = new Set<{ close(): Promise<void> }>();
  await page.routeWebSocket(/socket\.io/u, (socket) => {
    if (isCut) return void socket.close();
    const server = socket.connectToServer();
    open.add(socket).add(server);
    return undefined;
  });
  return {
    async cut() {
      isCut = true;
      await Promise.all([...open].map((socket) => socket.close()));
      open.clear();
    },
    mend: () => (isCut = false),
  };
}

test('what was done in one tab is taken back in another, and what someone changed since is left alone by name', async ({
  signUp,
}) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  await makeList(ada.page, 'Harbour');
  await invite(ada.page, grace.email);
  await addTask(ada.page, 'Varnish the boat');
  await addTask(ada.page, 'Buy oars');
  await openList(grace, 'Harbour');

  const other = await ada.context.newPage();
  await other.goto(`/lists/${listIdOf(ada.page)}`);
  await expect(row(other, 'Varnish the boat')).toBeVisible();

  await row(ada.page, 'Varnish the boat').focus();
  await ada.page.keyboard.press('Delete');
  await expect(row(other, 'Varnish the boat')).toBeHidden();
  await other.keyboard.press('Control+z');
  await expect(toast(other, 'Undone: deleted “Varnish the boat”')).toBeVisible();
  for (const page of [other, ada.page, grace.page]) await expect(row(page, 'Varnish the boat')).toBeVisible();
  await ada.page.keyboard.press('Control+Shift+z');
  for (const page of [other, ada.page, grace.page]) await expect(row(page, 'Varnish the boat')).toBeHidden();

  // It survives a reload, and the command menu says what would be taken back.
  await other.reload();
  await expect(row(other, 'Buy oars')).toBeVisible();
  await other.keyboard.press('Control+k');
  await other.getByRole('option', { name: /^Undo: Deleted “Varnish the boat”/u }).click();
  for (const page of [other, ada.page, grace.page]) await expect(row(page, 'Varnish the boat')).toBeVisible();

  await rename(ada.page, 'Buy oars', 'Buy new oars');
  await expect(row(grace.page, 'Buy new oars')).toBeVisible();
  await rename(grace.page, 'Buy new oars', 'Borrow oars');
  await expect(row(ada.page, 'Borrow oars')).toBeVisible();
  await ada.page.keyboard.press('Control+z');
  await expect(toast(ada.page, 'Not undone: Grace has changed the title since, to “Borrow oars”.')).toBeVisible();
  await expect(row(ada.page, 'Borrow oars')).toBeVisible();

  // A field keeps its own undo: nothing of the list moves.
  await ada.page.getByRole('textbox', { name: 'New task' }).pressSequentially('half a thought');
  await ada.page.keyboard.press('Control+z');
  await expect(row(ada.page, 'Varnish the boat')).toBeVisible();
  await expect(toast(ada.page, /^Undone/u)).toBeHidden();
});

test('words that were overwritten unseen wait for their author, who restores them in two clicks', async ({
  signUp,
}) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const wire = await wireOf(ada.page);
  await makeList(ada.page, 'Harbour');
  await invite(ada.page, grace.email);
  await addTask(ada.page, 'Buy oars');
  await openList(grace, 'Harbour');
  await expect(row(grace.page, 'Buy oars')).toBeVisible();

  await wire.cut();
  await rename(grace.page, 'Buy oars', 'Buy two oars of ash');
  await rename(ada.page, 'Buy oars', 'Buy oars on Monday');
  wire.mend();
  await expect(row(grace.page, 'Buy oars on Monday')).toBeVisible();

  const entry = grace.page.getByRole('button', { name: /^Overwritten 1/u });
  await entry.click();
  const dialog = grace.page.getByRole('dialog', { name: 'Overwritten' });
  await expect(dialog.getByText('Ada')).toBeVisible();
  await expect(dialog.locator('dd')).toHaveText(['Buy two oars of ash', 'Buy oars on Monday']);
  await dialog.getByRole('button', { name: 'Restore mine' }).click();
  await expect(dialog.getByText(/^Nothing of yours was overwritten/u)).toBeVisible();
  await grace.page.keyboard.press('Escape');
  await expect(entry).toBeHidden();
  for (const page of [ada.page, grace.page]) await expect(row(page, 'Buy two oars of ash')).toBeVisible();
  // Ada has seen what Grace wrote over: nothing waits for her.
  await expect(ada.page.getByRole('button', { name: /^Overwritten/u })).toBeHidden();
});

test('what the agent’s answer changed is taken back as one step, but for what a person made of it', async ({
  signUp,
}) => {
  const ada = await signUp('Ada', 0);
  await makeList(ada.page, 'Harbour');
  await addTask(ada.page, 'Buy oars');
  await ask(ada.page, 'help me plan a tour of the old town');
  const undo = agent(ada.page).getByRole('button', { name: 'Undo these changes' });
  await expect(undo).toBeVisible();
  await expect(row(ada.page, 'Tour of the old town')).toBeVisible();
  await rename(ada.page, 'Book the transport', 'Hire bicycles');
  await undo.click();
  await expect(toast(ada.page, /^Undone in part.*you have changed the title since, to “Hire bicycles”/u)).toBeVisible();
  // Its parent stays with it; the other six are gone, and come back as one.
  await expect(ada.page.getByText('0 of 3 done')).toBeVisible();
  await expect(row(ada.page, 'Hire bicycles')).toBeVisible();
  await row(ada.page, 'Buy oars').focus();
  await ada.page.keyboard.press('Control+z');
  await expect(ada.page.getByText('0 of 9 done')).toBeVisible();
});
