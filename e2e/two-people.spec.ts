import { expect } from '@playwright/test';
import { addTask, agent, ask, gatewayCount, invite, makeList, openList, row } from './product/list-page.ts';
import { newAddress, PASSWORD, test } from './product/people.ts';

/** The promise of the first page of the README, in two real windows on two gateways. */
test('two people share a list, see each other at once, and watch the agent plan', async ({ signUp, openProfile }) => {
  expect(gatewayCount()).toBe(2);
  const grace = await signUp('Grace', 1);

  const ada = await (await openProfile(0)).newPage();
  await ada.goto('/sign-up');
  await ada.getByLabel('Name').fill('Ada Lovelace');
  await ada.getByLabel('E-mail').fill(newAddress('ada'));
  await ada.getByLabel('Password').fill(PASSWORD);
  await ada.keyboard.press('Enter');
  await ada.waitForURL('**/home');

  await makeList(ada, 'Lisbon offsite');
  await invite(ada, grace.email);
  await openList(grace, 'Lisbon offsite');
  await expect(ada.getByText('Grace is here')).toBeVisible();
  await expect(grace.page.getByText('Ada is here')).toBeVisible();

  await addTask(ada, 'Book the train');
  await expect(row(grace.page, 'Book the train')).toBeVisible();
  await addTask(grace.page, 'Print name badges');
  await expect(row(ada, 'Print name badges')).toBeVisible();
  await row(grace.page, 'Book the train').getByRole('checkbox').click();
  await expect(ada.getByText('1 of 2 done')).toBeVisible();

  await ask(ada, 'help me plan a tour of the old town');
  for (const page of [ada, grace.page]) {
    await expect(agent(page).getByText('help me plan a tour of the old town').last()).toBeVisible();
    await expect(agent(page).getByRole('button', { name: 'Stop' })).toBeVisible();
  }
  for (const page of [ada, grace.page]) {
    await expect(row(page, 'Tour of the old town')).toBeVisible();
    await expect(row(page, 'Book the transport')).toBeVisible();
    await expect(agent(page).getByText(/Added 8 tasks to Lisbon offsite/u)).toBeVisible();
    await expect(
      agent(page)
        .getByText(/It is a common outline, so change what does not fit/u)
        .first(),
    ).toBeVisible();
    await expect(agent(page).getByRole('button', { name: 'Stop' })).toBeHidden();
  }

  // A task in the agent's card is the live task: checked there, it is done everywhere.
  await agent(grace.page)
    .getByRole('checkbox', { name: /Book the transport/u })
    .click();
  await expect(ada.getByText('2 of 10 done')).toBeVisible();
});

test('both read the same words while they come, and a stop by one stops it for both', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  await makeList(ada.page, 'Words');
  await invite(ada.page, grace.email);
  await openList(grace, 'Words');
  await ask(ada.page, 'what can you do?');
  const stop = agent(grace.page).getByRole('button', { name: 'Stop' });
  await expect(agent(grace.page).getByText('I work on this list')).toBeVisible();
  await stop.click();
  for (const { page } of [ada, grace]) {
    await expect(
      agent(page)
        .getByText(/stopped/iu)
        .first(),
    ).toBeVisible();
    await expect(agent(page).getByText('every change can be undone')).toBeHidden();
  }
});

test('a tab that is reloaded in the middle of a stream ends with the whole text', async ({ signUp }) => {
  const ada = await signUp('Ada', 0);
  await makeList(ada.page, 'Reload');
  await ask(ada.page, 'what can you do?');
  await expect(agent(ada.page).getByText('I work on this list')).toBeVisible();
  await ada.page.reload();
  await expect(agent(ada.page).getByText('I work on this list with you. I can:').first()).toBeVisible();
  await expect(agent(ada.page).getByText('every change can be undone').first()).toBeVisible();
  const words = await agent(ada.page).getByText('every change can be undone').first().innerText();
  expect(words.match(/every change can be undone/gu)).toHaveLength(1);
});
