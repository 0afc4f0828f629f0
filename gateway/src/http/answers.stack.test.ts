import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request, signUp, startHttp, type TestHttp } from './test/start-http.ts';

const THEME = "document.documentElement.dataset.theme = 'dark';";
const HTML = `<!doctype html><html><head><script>${THEME}</script><script src="/_app/immutable/a.js"></script></head><body></body></html>`;
const SCRIPT = 'export const a = 1;'.repeat(50);

let server: TestHttp;
let webRoot: string;
beforeAll(async () => {
  webRoot = mkdtempSync(join(tmpdir(), 'muster-page-'));
  mkdirSync(join(webRoot, '_app/immutable'), { recursive: true });
  writeFileSync(join(webRoot, 'index.html'), HTML);
  writeFileSync(join(webRoot, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(webRoot, '_app/immutable/a.js'), SCRIPT);
  writeFileSync(join(webRoot, '_app/immutable/a.js.br'), brotliCompressSync(SCRIPT));
  server = await startHttp({
    env: { WEB_ROOT: webRoot, API_URL: 'https://api.example/', ALLOWED_ORIGINS: 'https://app.example' },
  });
});
afterAll(async () => {
  await server.close();
  rmSync(webRoot, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  request(server.url, 'GET', path, undefined, headers);
const navigate = (path: string) => get(path, { accept: 'text/html,application/xhtml+xml' });

describe('the page', () => {
  test('is answered for what a person navigates to, with a policy that allows its own inline script only', async () => {
    for (const path of ['/', '/index.html', '/lists/0193b3c4', '/join']) {
      const { status, headers, body } = await navigate(path);
      expect([path, status, body]).toEqual([path, 200, HTML]);
      const policy = headers.get('content-security-policy') ?? '';
      const hash = createHash('sha256').update(THEME).digest('base64');
      expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
      expect(policy).toContain("connect-src 'self' https://api.example wss://api.example;");
      expect(policy).toContain("object-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('referrer-policy')).toBe('same-origin');
    }
  });

  test('is not sent again while it is the same', async () => {
    const { headers } = await navigate('/');
    const again = await get('/', { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  test('is no answer for a missing file, a script that is gone, or an address of the API', async () => {
    for (const path of ['/_app/immutable/gone.js', '/missing.png', '/api/nothing']) {
      expect((await navigate(path)).status).toBe(404);
    }
    expect((await get('/lists/1', { accept: '*/*' })).status).toBe(404);
    expect((await navigate('/..%2f..%2fetc/passwd')).body).toBe(HTML);
  });

  test('hashed files are kept for a year, compressed where a copy lies beside; others are revalidated', async () => {
    const script = await fetch(`${server.url}/_app/immutable/a.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await script.text()).toBe(SCRIPT);
    const compressed = await fetch(`${server.url}/_app/immutable/a.js`, { headers: { 'accept-encoding': 'br' } });
    expect(compressed.headers.get('content-encoding')).toBe('br');
    expect(brotliDecompressSync(brotliCompressSync(await compressed.text())).toString()).toBe(SCRIPT);
    expect((await get('/icon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  test('finds its server by configuration at run time', async () => {
    const { body, headers } = await get('/config.json');
    expect(body).toEqual({ api: 'https://api.example/' });
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('health', () => {
  test('alive, ready, readable, measured', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' });
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(ready.body.checks).toEqual({ postgres: true, redis: true, migrations: true, bus: true, accepting: true });
    expect((await get('/health')).body).toMatchObject({ status: 'ok', summary: 'Everything works.' });
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(metrics.body).toContain('# TYPE muster_http_request_duration_seconds histogram');
  });

  test('not ready while it cannot hear itself, and alive all the same', async () => {
    const { isHearing } = server.bus;
    server.bus.isHearing = async () => false;
    const ready = await get('/readyz');
    expect([ready.status, ready.body.checks.bus]).toEqual([503, false]);
    expect((await get('/health')).body).toMatchObject({ status: 'degraded', summary: 'Not working: bus.' });
    expect((await get('/healthz')).status).toBe(200);
    server.bus.isHearing = isHearing;
  });
});

describe('CORS', () => {
  const preflight = (origin: string) =>
    request(server.url, 'OPTIONS', '/api/v1/lists', undefined, {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,idempotency-key',
    });

  test('a listed origin may, with credentials and the usual headers', async () => {
    const { status, headers } = await preflight('https://app.example');
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-headers')).toMatch(
      /content-type.*authorization.*idempotency-key.*last-event-id/,
    );
    expect(headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(headers.get('vary')).toMatch(/origin/i);
  });

  test.each(['https://evil.example', 'https://app.example.evil', 'null', 'https://app.example:8443'])(
    '%s may not',
    async (origin) => {
      const { headers } = await preflight(origin);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      const read = await get('/api/v1/lists', { origin });
      expect(read.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('an answer that is a problem may be read too', async () => {
    const { status, headers } = await get('/api/v1/lists', { origin: 'https://app.example' });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
  });
});

describe('documentation', () => {
  test('is one HTML page that loads nothing and may run nothing', async () => {
    const { status, headers, body } = await get('/api/v1/docs');
    expect(status).toBe(200);
    expect(body).toContain('/lists/{id}/tasks');
    expect(body).not.toMatch(/<script|<link|<img|src=/);
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(style).toContain('prefers-color-scheme:dark');
  });
});

describe('limits', () => {
  test('answer 429 with when to come again, for each user and address', async () => {
    const strict = await startHttp({
      env: { RATE_LIMIT_USER: '3', RATE_LIMIT_ADDRESS: '40', RATE_LIMIT_INVITES: '1' },
    });
    try {
      const ada = await signUp(strict.url);
      const bea = await signUp(strict.url, 'Bea');
      const make = () => ada.call('POST', '/api/v1/lists', { title: 'x' });
      for (let n = 0; n < 3; n++) expect((await make()).status).toBe(201);
      const refused = await make();
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ code: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await ada.call('GET', '/api/v1/lists')).status).toBe(200);
      const { body: list } = await bea.call('POST', '/api/v1/lists', { title: 'x' });
      const invite = () =>
        bea.call('POST', `/api/v1/lists/${list.id}/members`, { email: 'a@example.test', role: 'viewer' });
      expect([(await invite()).status, (await invite()).status]).toEqual([201, 429]);

      let status = 200;
      for (let n = 0; n < 40 && status !== 429; n++)
        status = (await request(strict.url, 'GET', '/api/v1/lists')).status;
      expect(status).toBe(429);
      expect((await request(strict.url, 'GET', '/readyz')).status).toBe(200);
    } finally {
      await strict.close();
    }
  });

  test('of sign-ins are their own', async () => {
    const strict = await startHttp({ env: { RATE_LIMIT_ACCOUNTS: '2' } });
    try {
      const guess = () =>
        request(strict.url, 'POST', '/api/auth/sign-in/email', { email: 'a@example.test', password: 'guessed it' });
      expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([401, 401, 429]);
    } finally {
      await strict.close();
    }
  });

  test('have no way round them: a path is what it says', async () => {
    const strict = await startHttp({ env: { RATE_LIMIT_ACCOUNTS: '1', RATE_LIMIT_ADDRESS: '50' } });
    try {
      const ada = await signUp(strict.url);
      const ways = ['./sign-in', '%2e/sign-in', 'x/../sign-in', 'x/%2E%2e/sign-in', '.\\sign-in', './/sign-in'];
      const body = JSON.stringify({ email: ada.email, password: 'correct horse battery' });
      for (const way of ways) {
        expect([way, await rawStatus(strict.url, 'POST', `/api/auth/${way}/email`, body)]).toEqual([way, 404]);
      }
      expect(await rawStatus(strict.url, 'POST', '/api/auth/sign-in/email', body)).toBe(429);
      for (const path of ['/API/v1/lists', '/api/V1/lists', '/Api/v1/me', '/api/v1/Lists']) {
        expect([path, (await ada.call('GET', path)).status]).toEqual([path, 404]);
      }
    } finally {
      await strict.close();
    }
  });
});

test('behind https cookies are secure, and browsers are told to stay there', async () => {
  const secure = await startHttp({ env: { PUBLIC_URL: 'https://muster.example' } });
  try {
    const answer = await request(secure.url, 'POST', '/api/auth/sign-up/email', {
      name: 'A',
      email: 'a@example.test',
      password: 'correct horse',
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Secure-muster\.session_token=.*HttpOnly; Secure; SameSite=Lax/,
    );
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
    const plain = await request(server.url, 'POST', '/api/auth/sign-up/email', {
      name: 'A',
      email: 'b@example.test',
      password: 'correct horse',
    });
    expect(plain.headers.getSetCookie()[0]).not.toContain('Secure');
  } finally {
    await secure.close();
  }
});

/** With the path as it is written: fetch would clean it first. */
function rawStatus(url: string, method: string, path: string, body?: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, method, path, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .on('error', reject)
      .end(body);
  });
}
