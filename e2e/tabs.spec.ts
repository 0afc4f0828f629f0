import { expect, type Page } from '@playwright/test';
import {
  addTask,
  dragTask,
  expectSame,
  expectTitles,
  moveTask,
  openTab,
  row,
  shareList,
  storedTitles,
  titles,
} from './product/list-page.ts';
import { Network } from './product/network.ts';
import { newAddress, PASSWORD, test } from './product/people.ts';
import { RawTab } from './product/raw-tab.ts';
import { product } from './product/start.ts';

/** Everything in this page stops, in the middle of whatever it does, until it is let go. */
async function halt(page: Page): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Debugger.enable');
  const halted = new Promise<void>((resolve) => devtools.once('Debugger.paused', () => resolve()));
  void devtools.send('Runtime.evaluate', { expression: 'debugger' });
  await halted;
  return async () => {
    await devtools.send('Debugger.resume');
    await devtools.detach();
  };
}

test('a tab that stands still keeps nobody’s work back, and goes on where the others are', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const listId = await shareList(ada, [grace], 'Ice', ['First']);
  const second = await openTab(await ada.context.newPage(), listId, 'Ice');
  await addTask(ada.page, 'By the one that pushes');
  await expectTitles([second, grace.page], ['By the one that pushes', 'First']);

  const letGo = await halt(ada.page);
  await addTask(second, 'Past the frozen one');
  await expect(row(grace.page, 'Past the frozen one')).toBeVisible();
  await addTask(grace.page, 'From outside');
  await letGo();
  await addTask(ada.page, 'Thawed');
  await addTask(second, 'And on');
  const all = await expectSame([ada.page, second, grace.page], listId);
  expect([...all].sort()).toEqual([
    'And on',
    'By the one that pushes',
    'First',
    'From outside',
    'Past the frozen one',
    'Thawed',
  ]);
});

test('a tab that crashes in the middle of its writes leaves all that it had stored, once', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const listId = await shareList(ada, [grace], 'Crash', []);
  const second = await openTab(await ada.context.newPage(), listId, 'Crash');
  const lines = Array.from({ length: 16 }, (_, n) => `Line ${String(n + 1).padStart(2, '0')}`);
  const devtools = await ada.context.newCDPSession(ada.page);
  await ada.page.getByRole('textbox', { name: 'New task' }).focus();
  const crashed = ada.page.waitForEvent('crash');
  await ada.page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, lines.join('\n'));
  await ada.page.getByRole('button', { name: 'Add 16 tasks' }).click();
  // As soon as the other tab shows any of them, all of them are being stored and sent; no more than a page draws at once.
  await expect(row(second, 'Line 01')).toBeVisible();
  devtools.send('Page.crash').catch(() => undefined);
  await crashed;
  await ada.page.close();

  await addTask(second, 'Behind the crash');
  const all = await expectSame([second, grace.page], listId);
  const kept = all.filter((title) => title.startsWith('Line'));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept).toEqual(lines.slice(0, kept.length));
  expect(all).toHaveLength(kept.length + 1);
  const again = await openTab(await ada.context.newPage(), listId, 'Crash');
  await expectTitles([again], all);
});

/** As the browser does where space runs out, or its owner clears what sites have stored. */
async function clearStored(page: Page, storageTypes: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin: new URL(page.url()).origin, storageTypes });
  await devtools.detach();
}

test('tabs whose store is thrown away go on, and store again what they hold', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const network = await Network.of(ada.context);
  const listId = await shareList(ada, [grace], 'Cleared', ['Before']);
  const second = await openTab(await ada.context.newPage(), listId, 'Cleared');
  await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await network.cut();
  await addTask(ada.page, 'Held');
  await expectTitles([ada.page, second], ['Held', 'Before']);

  await clearStored(ada.page, 'indexeddb');
  for (const tab of [ada.page, second]) await expect(tab.getByText(/stored .* thrown away/iu)).toBeVisible();
  await addTask(ada.page, 'Behind it');
  await addTask(second, 'In the other tab');
  const all = ['In the other tab', 'Held', 'Behind it', 'Before'];
  await expectTitles([ada.page, second], all);
  await expect(ada.page.getByText(/was refused|not stored/iu)).toBeHidden();
  // All of it is on the disk again: there is no server to have it from.
  await ada.page.reload();
  await expectTitles([ada.page], all);
  await network.mend();
  expect(await expectSame([ada.page, second, grace.page], listId)).toEqual(all);
  await expect(ada.page.getByText(/waiting/iu).first()).toBeHidden();
});

test('a tab that loses all that its site has stored still passes on what is done in it', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const listId = await shareList(ada, [grace], 'Cleared', ['Before']);
  await clearStored(ada.page, 'indexeddb,cache_storage,service_workers,local_storage');
  await addTask(grace.page, 'From outside');
  await expect(row(ada.page, 'From outside')).toBeVisible();
  await addTask(ada.page, 'After');
  await expect(row(grace.page, 'After')).toBeVisible();
  await ada.page.reload();
  await expectSame([ada.page, grace.page], listId);
});

test('two people who drag the same tasks at once end with the same order, nothing doubled', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const all = ['One', 'Two', 'Three', 'Four', 'Five', 'Six'];
  const listId = await shareList(ada, [grace], 'Tug', all);
  await expectTitles([ada.page, grace.page], all);
  await dragTask(ada.page, 'Six', 'Two');
  await expectTitles([ada.page, grace.page], ['One', 'Six', 'Two', 'Three', 'Four', 'Five']);

  const pull = async (page: Page, onto: string, by: 'ArrowUp' | 'ArrowDown') => {
    await dragTask(page, 'Two', onto);
    await moveTask(page, 'Four', by, 3);
    await dragTask(page, 'One', 'Five');
    await moveTask(page, 'Three', by, 2);
  };
  await Promise.all([pull(ada.page, 'Five', 'ArrowUp'), pull(grace.page, 'One', 'ArrowUp')]);
  for (const { page } of [ada, grace]) await expect(page.getByRole('status').getByRole('button')).toBeHidden();
  const order = await expectSame([ada.page, grace.page], listId);
  expect([...order].sort()).toEqual([...all].sort());
  expect(order).not.toEqual(['One', 'Six', 'Two', 'Three', 'Four', 'Five']);
  await ada.page.reload();
  await expect.poll(() => titles(ada.page)).toEqual(order);
});

/** Five minutes go by at once, and the page's connections are counted. */
const HASTE = `
  const wait = setTimeout;
  setTimeout = (run, ms, ...more) => wait(run, ms === 300_000 ? 300 : ms, ...more);
  const sockets = [];
  WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); sockets.push(this); }
  };
  connections = () => sockets.filter((socket) => socket.readyState === 1).length;
`;

test('a tab that nobody looks at gives its connection back, and has caught up when it is shown', async ({
  browser,
  signUp,
}) => {
  const ada = await signUp('Ada', 0);
  const email = newAddress('Grace');
  const origin = product().gateways[0]!.url;
  const hidden = await RawTab.open(browser, `${origin}/sign-in`, HASTE);
  const account = JSON.stringify({ name: 'Grace', email, password: PASSWORD });
  const post = `{ method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(account)} }`;
  await expect.poll(() => hidden.evaluate(`location.origin`)).toBe(origin);
  expect(await hidden.evaluate(`fetch('/api/auth/sign-up/email', ${post}).then(({ ok }) => ok)`)).toBe(true);
  const listId = await shareList(ada, [], 'Night', ['Before']);
  const data = { email, role: 'editor' };
  expect((await ada.context.request.post(`/api/v1/lists/${listId}/members`, { data })).ok()).toBe(true);
  await hidden.goto(`${origin}/lists/${listId}`);
  const text = () => hidden.evaluate<string>(`document.querySelector('[role=treegrid]')?.textContent ?? ''`);
  await expect.poll(text).toContain('Before');
  await expect.poll(() => hidden.evaluate(`connections()`)).toBe(1);

  const other = await RawTab.open(browser, 'about:blank');
  await other.bringToFront();
  await expect.poll(() => hidden.evaluate(`document.visibilityState`)).toBe('hidden');
  await expect.poll(() => hidden.evaluate(`connections()`)).toBe(0);
  await addTask(ada.page, 'While it rested');
  await expect.poll(() => storedTitles(ada.page, listId)).toContain('While it rested');
  expect(await text()).not.toContain('While it rested');

  await hidden.bringToFront();
  await expect.poll(text).toContain('While it rested');
  expect(await hidden.evaluate(`connections()`)).toBe(1);
  await addTask(ada.page, 'And live again');
  await expect.poll(text).toContain('And live again');
  for (const tab of [other, hidden]) await tab.close();
});
