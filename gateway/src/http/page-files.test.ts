import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Koa from 'koa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPage } from './page.ts';

const root = mkdtempSync(join(tmpdir(), 'muster-page-'));
const script = 'console.log("hello")'.repeat(50);
const server = createServer();
let port = 0;

beforeAll(async () => {
  mkdirSync(join(root, '_app/immutable'), { recursive: true });
  writeFileSync(join(root, '200.html'), '<!doctype html><script>let a = 1</script><title>Muster</title>');
  writeFileSync(join(root, '_app/immutable/a.js'), script);
  writeFileSync(join(root, '_app/immutable/a.js.gz'), gzipSync(script));
  writeFileSync(join(root, 'notes.secret'), 'not a kind of file that pages have');
  const app = new Koa();
  app.use(createPage({ webRoot: root, apiUrl: undefined }) as unknown as Koa.Middleware);
  server.on('request', app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage & { body: Buffer }>((resolve, reject) => {
    request({ port, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Object.assign(response, { body: Buffer.concat(chunks) })));
    })
      .on('error', reject)
      .end();
  });

test('hashed files come compressed, for a year, and not again', async () => {
  const first = await get('/_app/immutable/a.js', { 'accept-encoding': 'gzip' });
  expect(first.headers).toMatchObject({
    'content-encoding': 'gzip',
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
    vary: 'Accept-Encoding',
  });
  expect(first.body.byteLength).toBeLessThan(script.length / 5);
  const again = await get('/_app/immutable/a.js', {
    'accept-encoding': 'gzip',
    'if-none-match': first.headers.etag ?? '',
  });
  expect(again.statusCode).toBe(304);
  const bare = await get('/_app/immutable/a.js');
  expect(bare.headers['content-encoding']).toBeUndefined();
  expect(bare.body.toString()).toBe(script);
  expect(bare.headers.etag).not.toBe(first.headers.etag);
});

test('a build that is taken away under a running gateway is served on, and harms nothing', async () => {
  rmSync(join(root, '_app'), { recursive: true });
  const answer = await get('/_app/immutable/a.js');
  expect(answer.statusCode).toBe(200);
  expect(answer.body.toString()).toBe(script);
});

test('nothing outside the page is served', async () => {
  for (const path of ['/notes.secret', '/../package.json', '/%2e%2e/package.json', '/_app/immutable/b.js']) {
    expect((await get(path)).statusCode).toBe(404);
  }
  expect((await get('/lists/1', { accept: 'text/html' })).body.toString()).toContain('Muster');
});
