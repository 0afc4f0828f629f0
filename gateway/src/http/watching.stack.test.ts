import { createLogger } from '@muster/runtime/logger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { request, signUp, startHttp, type TestHttp } from './test/start-http.ts';

const TOKEN = 'a-token-for-prometheus';
let server: TestHttp;
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  server = await startHttp({
    isProduction: true,
    env: { SECRET: 'k3J9xQ2mVb7TzR4nWc8LpY1sHd6FgA0u', METRICS_TOKEN: TOKEN, SLOW_REQUEST_MS: '1' },
    logger: createLogger({ name: 'test', level: 'info', destination }),
  });
});
afterAll(() => server.close());

const metrics = async (authorization?: string) => {
  const headers = authorization === undefined ? {} : { authorization };
  const answer = await fetch(`${server.url}/metrics`, { headers });
  return [answer.status, (await answer.text()).includes('muster_http_request_duration_seconds')];
};

test('in production metrics are for those who have the token; to others there is no such address', async () => {
  expect(await metrics()).toEqual([404, false]);
  expect(await metrics('Bearer a-token-for-prometheuS')).toEqual([404, false]);
  expect(await metrics(`Bearer ${TOKEN}`)).toEqual([200, true]);
});

test('a slow request leaves a line with its ids, and nothing of what was written', async () => {
  const ada = await signUp(server.url, 'Ada');
  lines.length = 0;
  const answer = await request(
    server.url,
    'POST',
    '/api/v1/lists',
    { title: 'Very private' },
    {
      authorization: `Bearer ${ada.token}`,
    },
  );
  expect(answer.status).toBe(201);
  const line = lines.find(({ msg }) => msg === 'slow request');
  expect(line).toMatchObject({
    ...{ level: 'warn', method: 'POST', route: '/api/v1/lists', status: 201, userId: ada.userId },
    requestId: answer.headers.get('x-request-id'),
    ms: expect.any(Number),
  });
  expect(JSON.stringify(lines)).not.toMatch(/Very private|Bearer|correct horse/);
});
