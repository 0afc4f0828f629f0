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
  titles,
} from './product/list-page.ts';
import { test } from './product/people.ts';

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
  const lines = Array.from({ length: 40 }, (_, n) => `Line ${String(n + 1).padStart(2, '0')}`);
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
  await ada.page.getByRole('button', { name: 'Add 40 tasks' }).click();
  // As soon as the other tab shows any of them, all forty are being stored and sent.
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

test('what the browser throws away under a running tab is fetched again', async ({ signUp }) => {
  const [ada, grace] = [await signUp('Ada', 0), await signUp('Grace', 1)];
  const listId = await shareList(ada, [grace], 'Cleared', ['Before']);
  const devtools = await ada.context.newCDPSession(ada.page);
  const { origin } = new URL(ada.page.url());
  await devtools.send('Storage.clearDataForOrigin', {
    origin,
    storageTypes: 'indexeddb,cache_storage,service_workers',
  });
  await addTask(grace.page, 'From outside');
  await expect(row(ada.page, 'From outside')).toBeVisible();
  await ada.page.reload();
  await expectTitles([ada.page], ['From outside', 'Before']);
  await addTask(ada.page, 'After');
  await expect(row(grace.page, 'After')).toBeVisible();
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
