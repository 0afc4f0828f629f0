import { gzipSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { addTask, agent, ask, makeList, row } from './product/list-page.ts';
import { test } from './product/people.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;

async function expectNoViolation(page: Page): Promise<void> {
  // Colours that fade in would be measured half-way.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))),
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no violation (${colorScheme})`, async ({ signUp, openProfile }) => {
    const options = { colorScheme, reducedMotion: 'reduce' } as const;
    const door = await (await openProfile(undefined, options)).newPage();
    for (const path of ['/sign-in', '/sign-up', '/no/such/page']) {
      await door.goto(path);
      await expect(door.getByRole('heading', { level: 1 })).toBeVisible();
      await expectNoViolation(door);
    }
    const ada = await signUp('Ada', 0, options);
    await makeList(ada.page, 'Accessible');
    await addTask(ada.page, 'Book the train tomorrow 17:00 !high #travel');
    await addTask(ada.page, 'Send the passports !urgent');
    await ask(ada.page, 'add milk and eggs');
    await expect(
      agent(ada.page)
        .getByText(/Added 2 tasks/u)
        .first(),
    ).toBeVisible();
    await expect(agent(ada.page).getByRole('button', { name: 'Stop' })).toBeHidden();
    await expectNoViolation(ada.page);
    await row(ada.page, 'Book the train').getByText('Book the train').click();
    await expect(ada.page.getByRole('textbox', { name: 'Title' })).toBeVisible();
    await expectNoViolation(ada.page);
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('button', { name: 'Share', exact: true }).click();
    await expect(ada.page.getByRole('dialog')).toBeVisible();
    await expectNoViolation(ada.page);
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('button', { name: /Account/ }).click();
    await ada.page.getByRole('menuitem', { name: 'Connection' }).click();
    await expect(ada.page.getByRole('dialog').getByText('A WebSocket gets through.')).toBeVisible();
    await expectNoViolation(ada.page);
    for (const path of ['/today', '/upcoming', '/assigned', '/search', '/settings']) {
      await ada.page.goto(path);
      await expect(ada.page.getByRole('heading', { level: 1 }).first()).toBeVisible();
      await expectNoViolation(ada.page);
    }
  });
}

test('on a phone everything is in one column, within reach of a thumb', async ({ signUp }) => {
  const ada = await signUp('Ada', 0, PHONE);
  await makeList(ada.page, 'In the pocket');
  await addTask(ada.page, 'A title that is long enough to break into two lines on such a narrow screen');
  const overflow = await ada.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  const bar = ada.page.getByRole('navigation', { name: 'Main' });
  await expect(bar.getByRole('link', { name: 'Today' })).toBeInViewport();
  await bar.getByRole('button', { name: 'Agent' }).click();
  await expect(ada.page.getByRole('textbox', { name: 'Ask the agent' })).toBeInViewport();
  await expectNoViolation(ada.page);
});

test('the page needs less than 150 kB of JavaScript for a list', async ({ signUp }) => {
  const ada = await signUp('Ada', 0);
  await makeList(ada.page, 'Light');
  // Without the panel: the agent is loaded for those who open it.
  await agent(ada.page).getByRole('button', { name: 'Close the agent' }).click();
  await expect(agent(ada.page)).toBeHidden();
  await ada.page.reload();
  await expect(ada.page.getByRole('textbox', { name: 'New task' })).toBeVisible();
  // The document's own list: what the page before was still fetching is not in it.
  const scripts = await ada.page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .flatMap(({ name }) => (new URL(name).pathname.endsWith('.js') ? [name] : [])),
  );
  expect(scripts.length).toBeGreaterThan(10);
  let total = 0;
  for (const url of new Set(scripts)) total += gzipSync(await (await ada.context.request.get(url)).body()).byteLength;
  expect(total).toBeLessThan(150_000);
});
