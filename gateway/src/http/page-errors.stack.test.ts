import { PAGE_ERRORS_PATH } from '@muster/protocol/page-errors';
import type { ErrorLine } from '@muster/runtime/error-reports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateways, type TestGateways } from '../test/start-gateways.ts';

let product: TestGateways;
const told: ErrorLine[] = [];
beforeAll(async () => {
  product = await startGateways(1, {
    reports: { report: (line) => void told.push(line), close: async () => undefined },
  });
});
afterAll(() => product.close());

const ERROR = {
  type: 'TypeError',
  message: 'x is not a function',
  stack: 'TypeError\n    at f (https://x.test/a.js:1:2)',
};

test('faults of pages are passed on for those who are signed in, and only as they should be', async () => {
  const { url } = product.gateways[0]!;
  const ada = await product.person('Ada');
  const post = async (body: unknown) => (await ada.call('POST', PAGE_ERRORS_PATH, body)).status;
  expect((await fetch(url + PAGE_ERRORS_PATH, { method: 'POST', body: JSON.stringify(ERROR) })).status).toBe(401);
  expect(await post({ ...ERROR, more: 1 })).toBe(400);
  expect(await post({ ...ERROR, message: 'x'.repeat(2_000) })).toBe(400);
  expect(told).toEqual([]);
  expect(await post(ERROR)).toBe(204);
  expect(told).toEqual([
    { level: 'error', platform: 'javascript', msg: 'a page failed', userId: ada.userId, err: ERROR },
  ]);
  expect(await (await fetch(`${url}/config.json`)).json()).toMatchObject({ errors: true });
});

test('where no errors are reported there is no such address, and pages are not asked', async () => {
  const quiet = await product.start({ reports: undefined });
  expect((await fetch(quiet.url + PAGE_ERRORS_PATH, { method: 'POST' })).status).toBe(404);
  expect(await (await fetch(`${quiet.url}/config.json`)).json()).not.toHaveProperty('errors');
});
