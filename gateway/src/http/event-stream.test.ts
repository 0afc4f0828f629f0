import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Koa from 'koa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Context } from './context.ts';
import { HEARTBEAT_MS, openEventStream, type EventStream } from './event-stream.ts';

let server: Server;
let stream: Promise<EventStream>;
/** What the route does before it opens the stream. */
let before: (ctx: Koa.Context) => Promise<void>;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const app = new Koa();
  before = async () => undefined;
  stream = new Promise((resolve) => {
    app.use(async (ctx) => {
      await before(ctx);
      resolve(openEventStream(ctx as unknown as Context));
    });
  });
  server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Reads what comes, part by part. */
async function open(signal?: AbortSignal) {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, signal ? { signal } : {});
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return { next: async () => (await reader.read()).value, reader };
}

test('what is silent is kept open by comments for as long as it lasts, at least every 15 seconds', async () => {
  expect(HEARTBEAT_MS).toBeLessThanOrEqual(15_000);
  const { next } = await open();
  expect(await next()).toBe(':\n\n');
  for (let waited = 0; waited < 150_000; waited += HEARTBEAT_MS) {
    vi.advanceTimersByTime(HEARTBEAT_MS);
    expect(await next()).toBe(':\n\n');
  }
});

test('events have a name, one line of data and, where there is one, an id', async () => {
  const { next } = await open();
  await next();
  const sent = await stream;
  sent.send('run:chunk', { text: 'two\nlines' }, 'item:1:9');
  expect(await next()).toBe('id: item:1:9\nevent: run:chunk\ndata: {"text":"two\\nlines"}\n\n');
  sent.send('run:status', { status: 'completed' });
  expect(await next()).toBe('event: run:status\ndata: {"status":"completed"}\n\n');
  sent.end();
  expect(await next()).toBeUndefined();
  expect(await sent.closed).toEqual({ isCut: false });
  expect(vi.getTimerCount()).toBe(0);
});

test('a reader who goes away is told apart from an end', async () => {
  const abort = new AbortController();
  const { next } = await open(abort.signal);
  await next();
  abort.abort();
  expect(await (await stream).closed).toEqual({ isCut: true });
  expect(vi.getTimerCount()).toBe(0);
});

test('a reader who went away before the stream was opened is gone at once, and leaves no timer', async () => {
  const abort = new AbortController();
  before = async ({ res }) => {
    abort.abort();
    await once(res, 'close');
  };
  await expect(open(abort.signal)).rejects.toThrow();
  const sent = await stream;
  expect(await Promise.race([sent.closed, delay(500, 'nothing')])).toEqual({ isCut: true });
  sent.send('run:status', { status: 'queued' });
  sent.end();
  expect(vi.getTimerCount()).toBe(0);
});

test('a reader who does not read is cut, and takes no memory', async () => {
  await open();
  const sent = await stream;
  const text = 'x'.repeat(500_000);
  for (let n = 0; n < 40; n++) sent.send('run:chunk', { text });
  expect(await sent.closed).toEqual({ isCut: true });
});
