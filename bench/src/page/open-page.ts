import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { PASSWORD } from '../product/product.ts';

const ARGS = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run', '--disable-sync'];

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: ARGS });

/** A browser profile with somebody signed in. */
export async function openProfile(browser: Browser, url: string, email: string): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 } });
  const answer = await context.request.post('/api/auth/sign-in/email', {
    data: { email, password: PASSWORD },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`the browser could not sign in: ${answer.status()}`);
  return context;
}

/** Waits until the list's tasks are on the page. */
export async function openList(page: Page, listId: string): Promise<void> {
  await page.goto(`/lists/${listId}`);
  await page.getByRole('treegrid').getByRole('row').nth(5).waitFor();
}
