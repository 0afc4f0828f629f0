import { expect } from '@playwright/test';
import {
  addTask,
  deleteTask,
  expectSame,
  expectTitles,
  moveTask,
  openTab,
  renameTask,
  row,
  shareList,
} from './product/list-page.ts';
import { Network } from './product/network.ts';
import { test } from './product/people.ts';

test('a page that was open once opens again without a server, whole', async ({ signUp }) => {
  const ada = await signUp('Ada', 0);
  const network = await Network.of(ada.context);
  const listId = await shareList(ada, [], 'Tunnel', ['Light', 'At the end']);
  await expectTitles([ada.page], ['Light', 'At the end']);
  await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await network.cut();
  await ada.page.reload();
  await expectTitles([ada.page], ['Light', 'At the end']);
  // Parts that were never asked for before are there too.
  await row(ada.page, 'Light').getByText('Light').click();
  await expect(ada.page.getByRole('textbox', { name: 'Title' })).toHaveValue('Light');
  const other = await openTab(await ada.context.newPage(), listId, 'Tunnel');
  await expectTitles([other], ['Light', 'At the end']);
  // What the server alone knows is not made up.
  expect(await other.evaluate(() => fetch('/api/v1/lists').catch(() => 'no answer'))).toBe('no answer');
});

test('a day offline in three tabs comes together, once and in order', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const network = await Network.of(ada.context);
  const listId = await shareList(ada, [grace], 'Train', ['Alps', 'Berlin', 'Calais', 'Dover', 'Essen', 'Florence']);
  const [first, second, third] = [
    ada.page,
    await openTab(await ada.context.newPage(), listId, 'Train'),
    await openTab(await ada.context.newPage(), listId, 'Train'),
  ];
  const tabs = [first, second, third];
  await first.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await expectTitles([...tabs, grace.page], ['Alps', 'Berlin', 'Calais', 'Dover', 'Essen', 'Florence']);

  await network.cut();
  await addTask(first, 'Ghent');
  await renameTask(first, 'Alps', 'Alps by night');
  await row(second, 'Berlin').getByRole('checkbox').click();
  await moveTask(second, 'Calais', 'ArrowDown');
  await deleteTask(third, 'Essen');
  await addTask(third, 'Hamburg');
  const offline = ['Hamburg', 'Ghent', 'Alps by night', 'Dover', 'Calais', 'Florence'];
  await expectTitles(tabs, offline);
  await expect(first.getByText(/waiting/u).first()).toBeVisible();

  // The page comes from what the browser keeps of it, and what was done from its store.
  await first.reload();
  await expect(first.getByRole('heading', { name: 'Train', level: 1 })).toBeVisible();
  await expectTitles([first], offline);
  await renameTask(first, 'Ghent', 'Ghent, two nights');
  await expectTitles(
    tabs,
    offline.map((title) => (title === 'Ghent' ? 'Ghent, two nights' : title)),
  );

  await renameTask(grace.page, 'Florence', 'Florence in May');
  await addTask(grace.page, 'Innsbruck');
  await network.mend();
  const together = await expectSame([...tabs, grace.page], listId);
  expect([...together].sort()).toEqual(
    ['Alps by night', 'Calais', 'Dover', 'Florence in May', 'Ghent, two nights', 'Hamburg', 'Innsbruck'].sort(),
  );
  expect(together.indexOf('Dover')).toBeLessThan(together.indexOf('Calais'));
  expect(together.indexOf('Hamburg')).toBeLessThan(together.indexOf('Ghent, two nights'));
  for (const tab of tabs) await expect(tab.getByText(/waiting|offline|reconnecting/iu)).toBeHidden();
  await expect(grace.page.getByText('1 of 8 done')).toBeVisible();
});

test('whoever was removed while offline loses the list, and is told with their words', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const network = await Network.of(grace.context);
  const listId = await shareList(ada, [grace], 'Surprise', ['Cake', 'Candles']);
  await network.cut();
  await addTask(grace.page, 'Fourteen balloons');
  await renameTask(grace.page, 'Cake', 'Cake with cherries');

  const { request } = ada.context;
  const members = (await (await request.get(`/api/v1/lists/${listId}/members`)).json()) as {
    items: { userId: string; role: string }[];
  };
  const member = members.items.find(({ role }) => role === 'editor');
  expect((await request.delete(`/api/v1/lists/${listId}/members/${member?.userId}`)).status()).toBe(204);

  await network.mend();
  await expect(grace.page.getByRole('link', { name: /Surprise/u })).toBeHidden();
  await expect(row(grace.page, 'Candles')).toBeHidden();
  await grace.page.getByRole('button', { name: 'Show' }).first().click();
  const told = grace.page.getByRole('dialog');
  await expect(told.getByText('Fourteen balloons')).toBeVisible();
  await expect(told.getByText('Cake with cherries')).toBeVisible();
  await expectTitles([ada.page], ['Cake', 'Candles']);
  // Nothing of it is left on the disk either.
  await grace.page.reload();
  await expect(grace.page.getByRole('link', { name: /Surprise/u })).toBeHidden();
});
