import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { parseConfig } from './config.ts';
import { createErrorReports, errorReportVariables, parseDsn, type ErrorReports } from './error-reports.ts';
import { createLogger } from './logger.ts';
import { createSentryReports } from './sentry-reports.ts';
import { createShutdown, endWithProcess } from './shutdown.ts';

interface Taken {
  path: string;
  headers: Record<string, unknown>;
  header: { event_id: string; sent_at: string };
  item: { type: string; length: number };
  // Looked into by tests of every kind.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  event: any;
}

/** Stands in for the ingest of such a service. */
let ingest: Server;
let taken: Taken[];
let answers: { status: number; headers?: Record<string, string> }[];
let asked: number;
let dsn: string;
const opened: ErrorReports[] = [];
beforeEach(async () => {
  [taken, answers, asked] = [[], [], 0];
  ingest = createServer(async (request, response) => {
    asked += 1;
    let body = '';
    for await (const bytes of request) body += String(bytes);
    const { status, headers = {} } = answers.shift() ?? { status: 200 };
    if (status === 200) {
      const [header, item, event] = body.split('\n') as [string, string, string];
      expect(Buffer.byteLength(event)).toBe(JSON.parse(item).length);
      const parts = { header: JSON.parse(header), item: JSON.parse(item), event: JSON.parse(event) };
      taken.push({ path: request.url ?? '', headers: request.headers, ...parts });
    }
    response.writeHead(status, headers).end('{}');
  });
  ingest.listen(0, '127.0.0.1');
  await once(ingest, 'listening');
  dsn = `http://public@127.0.0.1:${(ingest.address() as AddressInfo).port}/errors/42`;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((reports) => reports.close()));
  ingest.closeAllConnections();
  ingest.close();
});

async function open(env: Record<string, string> = {}) {
  const config = parseConfig(z.object(errorReportVariables), { SENTRY_DSN: dsn, ...env });
  const reports = (await createErrorReports(config, 'gateway'))!;
  opened.push(reports);
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { reports, lines, logger: createLogger({ name: 'gateway', destination, onError: reports.report }) };
}

test('without a DSN nothing is sent, and a wrong one is told in a line that does not repeat it', async () => {
  const parsed = parseConfig(z.object(errorReportVariables), {});
  expect(await createErrorReports(parsed, 'gateway')).toBeUndefined();
  expect(() => parseConfig(z.object(errorReportVariables), { SENTRY_DSN: 'https://hunter2' })).toThrow(
    /^SENTRY_DSN should be the DSN of a project.*project>\.$/,
  );
  expect(parseDsn('https://key@o1.ingest.example/7')).toEqual({
    ...{ key: 'key', url: 'https://o1.ingest.example/api/7/envelope/' },
  });
});

test('an error of the log is an event with its ids, release and environment; a warning is none', async () => {
  const { reports, logger, lines } = await open({ SENTRY_ENVIRONMENT: 'staging', SENTRY_RELEASE: 'muster@9' });
  const child = logger.child({ gateway: 'abcd' });
  child.warn({ err: new Error('no') }, 'a warning');
  const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
  const err = new TypeError('Nothing there', { cause });
  child.error(
    { requestId: 'r1', userId: 'u1', errorId: 'e1', route: '/api/v1/lists', title: 'Secret', err },
    'request failed',
  );
  await reports.close();
  expect(lines).toHaveLength(2);
  const [{ path, headers, header, item, event }] = taken as [Taken];
  expect(taken).toHaveLength(1);
  expect(path).toBe('/errors/api/42/envelope/');
  expect(headers).toMatchObject({
    'content-type': 'application/x-sentry-envelope',
    'x-sentry-auth': 'Sentry sentry_version=7, sentry_client=muster/1, sentry_key=public',
  });
  expect(item.type).toBe('event');
  expect(event).toMatchObject({
    ...{ event_id: header.event_id, level: 'error', logger: 'gateway', platform: 'node' },
    ...{ environment: 'staging', release: 'muster@9', user: { id: 'u1' }, logentry: { formatted: 'request failed' } },
    tags: { gateway: 'abcd', requestId: 'r1', errorId: 'e1', route: '/api/v1/lists' },
    exception: {
      values: [
        { type: 'Error ECONNREFUSED', value: 'connect failed' },
        { type: 'TypeError', value: 'Nothing there' },
      ],
    },
  });
  expect(event.event_id).toMatch(/^[0-9a-f]{32}$/);
  const frames = event.exception.values[1].stacktrace.frames as { filename: string; lineno: number; in_app: boolean }[];
  expect(frames.at(-1)).toMatchObject({ filename: expect.stringContaining('error-reports.test.ts'), in_app: true });
  expect(frames.some(({ in_app }) => !in_app)).toBe(true);
});

test('no words, addresses or secrets leave the house', async () => {
  const { reports, logger } = await open();
  const err = new Error(
    'The title "Buy milk" of ada@example.org can’t be read at https://x.test/a?token=hunter2, \'Bread',
  );
  logger.error(
    { err, password: 'hunter2', body: { text: 'Buy milk' }, email: 'ada@example.org', other: 'Buy milk' },
    'it broke',
  );
  await reports.close();
  const told = JSON.stringify(taken);
  expect(told).not.toMatch(/milk|bread|ada@|hunter2/iu);
  expect(taken[0]!.event.exception.values[0].value).toBe(
    'The title "…" of …@… can’t be read at https://x.test/a?… "…"',
  );
});

test('what nobody caught is told before the process ends', async () => {
  const { reports, logger } = await open();
  const listeners = new Map<string, (argument: unknown) => void>();
  const exited = new Promise<number>((exit) => {
    const shutdown = createShutdown({ logger });
    shutdown.register('stores', 'error reports', () => reports.close());
    endWithProcess(shutdown, { process: { on: (event, listener) => listeners.set(event, listener), exit }, logger });
  });
  listeners.get('unhandledRejection')!(new RangeError('nobody awaited it'));
  expect(await exited).toBe(1);
  expect(taken.map(({ event }) => [event.level, event.exception.values[0].type])).toEqual([['fatal', 'RangeError']]);
});

test('limited it is silent for as long as it was told to be, whatever happens meanwhile', async () => {
  answers = [{ status: 429, headers: { 'retry-after': '1' } }];
  const { logger } = await open();
  logger.error('first');
  await vi.waitFor(() => expect(asked).toBe(1));
  for (let n = 0; n < 5; n += 1) logger.error('meanwhile');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(asked).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 700));
  logger.error('after');
  await vi.waitFor(() => expect(taken.map(({ event }) => event.logentry.formatted)).toEqual(['after']));
});

test('a limit beside a good answer counts too, where it is about errors', async () => {
  answers = [
    { status: 200, headers: { 'x-sentry-rate-limits': '60:transaction:key' } },
    { status: 200, headers: { 'x-sentry-rate-limits': '60:transaction:key, 60:error;default:organization' } },
  ];
  const { logger } = await open();
  for (const word of ['one', 'two', 'three']) {
    logger.error(word);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(taken.map(({ event }) => event.logentry.formatted)).toEqual(['one', 'two']);
});

test('while it is away so much is kept, and sent once it is back; nobody waits for it', async () => {
  answers = [{ status: 503, headers: { 'retry-after': '0.2' } }];
  const { logger } = await open();
  const startedAt = performance.now();
  logger.error('kept');
  expect(performance.now() - startedAt).toBeLessThan(100);
  await vi.waitFor(() => expect(asked).toBe(1));
  logger.error('too');
  await vi.waitFor(() => expect(taken.map(({ event }) => event.logentry.formatted)).toEqual(['kept', 'too']), 3_000);
  const nowhere = createSentryReports({
    ...{ dsn: { key: 'k', url: 'http://127.0.0.1:9/' }, process: 'gateway', environment: 'test' },
  });
  nowhere.report({ level: 'error', msg: 'lost' });
  const closing = performance.now();
  await nowhere.close();
  expect(performance.now() - closing).toBeLessThan(3_000);
});

test('a fault in a loop is told sixty times a minute', async () => {
  const { reports, logger } = await open();
  for (let n = 0; n < 200; n += 1) logger.error('again');
  await reports.close();
  expect(taken).toHaveLength(60);
});

test('what a page tells is an event of its own platform, with the frames of any browser', async () => {
  const { reports } = await open();
  const stack = 'save@https://x.test/_app/a.js:3:14\n@https://x.test/_app/b.js:1:2';
  reports.report({ level: 'error', platform: 'javascript', msg: 'a page failed', err: { type: 'TypeError', stack } });
  await reports.close();
  const [{ event }] = taken as [Taken];
  expect(event.platform).toBe('javascript');
  expect(event.exception.values[0].stacktrace.frames).toEqual([
    expect.objectContaining({ filename: 'https://x.test/_app/b.js', lineno: 1 }),
    expect.objectContaining({ function: 'save', filename: 'https://x.test/_app/a.js', lineno: 3, colno: 14 }),
  ]);
});
