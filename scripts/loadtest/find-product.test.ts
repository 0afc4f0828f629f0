import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { afterEach, expect, test } from 'vitest';
import { findProduct } from './find-product.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const READY = { status: 'ready', checks: { postgres: true, redis: true } };
const json =
  (body: unknown): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify(body));

/** Something that answers, and turns handshakes down with a code. */
async function serve(listener: RequestListener, code?: string): Promise<string> {
  const http = createServer(listener);
  const io = new Server(http, { transports: ['websocket'] });
  io.use((_socket, next) => next(Object.assign(new Error('no'), { data: { code } })));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ends.push(() => io.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function folder(run?: object): string {
  const data = mkdtempSync(join(tmpdir(), 'muster-find-'));
  ends.push(() => rmSync(data, { recursive: true }));
  if (run !== undefined) writeFileSync(join(data, 'run.json'), JSON.stringify(run));
  return data;
}

test('finds the product by its run file, with its processes', async () => {
  const url = await serve(json(READY), 'unauthenticated');
  const data = folder({ url, gateways: [{ url, pid: 7 }], workers: [{ pid: 8 }] });
  expect(await findProduct({ url: undefined, data })).toEqual({ url, pids: { gateways: [7], workers: [8] } });
  expect(await findProduct({ url, data: folder() })).toEqual({ url, pids: { gateways: [], workers: [] } });
});

test('says where none runs, and where one that did is gone', async () => {
  const data = folder();
  await expect(findProduct({ url: undefined, data })).rejects.toThrow(`No product runs on ${data}: start one with`);
  const gone = { url: 'http://127.0.0.1:1' };
  await expect(findProduct({ url: undefined, data: folder(gone) })).rejects.toThrow(/^Nothing answers at .*:1: is the/);
});

test.each([
  [{ ...READY, checks: { postgres: true, redis: false } }, 'unauthenticated', /is not ready: redis\.$/],
  [{ hello: 'world' }, 'unauthenticated', /is no Muster\.$/],
  [READY, 'upgrade_required', /is of another version: it speaks a newer protocol than these load tests \(1\)/],
  [READY, 'unavailable', /is of another version: it speaks an older protocol than these load tests \(1\)/],
  [READY, 'odd', /turned a handshake down with odd/],
])('what answers with %j and %s is told in one line', async (body, code, line) => {
  const url = await serve(json(body), code);
  await expect(findProduct({ url, data: folder() })).rejects.toThrow(line);
});

test('a page that is no product at all is no Muster', async () => {
  const url = await serve((_request, response) => void response.end('<html>'));
  await expect(findProduct({ url, data: folder() })).rejects.toThrow(`What answers at ${url} is no Muster.`);
});
