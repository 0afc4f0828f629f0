import { test as base, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { product } from './start.ts';

/** Someone with an account, signed in in a browser profile of their own, on a gateway of their own. */
export interface Person {
  name: string;
  email: string;
  context: BrowserContext;
  page: Page;
}

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

interface People {
  /** A browser profile at a gateway's own address; at the product's URL where none is named. Closed with the test. */
  openProfile(at?: number, options?: ContextOptions): Promise<BrowserContext>;
  /** A new account, signed in at that gateway: two people on two gateways are what sync is about. */
  signUp(name: string, at: number, options?: ContextOptions): Promise<Person>;
}

export const PASSWORD = 'correct horse battery';
export const newAddress = (name: string): string => `${name.toLowerCase()}-${crypto.randomUUID()}@example.com`;

export const test = base.extend<People>({
  openProfile: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (at, options = {}) => {
      const { gateways, url } = product();
      const baseURL = (at === undefined ? undefined : gateways[at]?.url) ?? url;
      const context = await browser.newContext({
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        viewport: { width: 1440, height: 900 },
        ...options,
        baseURL,
      });
      contexts.push(context);
      return context;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
  signUp: async ({ openProfile }, use) => {
    await use(async (name, at, options) => {
      const context = await openProfile(at, options);
      const email = newAddress(name);
      const answer = await context.request.post('/api/auth/sign-up/email', {
        data: { name, email, password: PASSWORD },
      });
      if (!answer.ok()) throw new Error(`${name} could not sign up: ${answer.status()} ${await answer.text()}`);
      return { name, email, context, page: await context.newPage() };
    });
  },
});
