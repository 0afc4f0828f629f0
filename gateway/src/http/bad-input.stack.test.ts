import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { createLogger } from '@muster/runtime/logger';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request, signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

let server: TestHttp;
let ada: Visitor;
let listId: string;
const lines: string[] = [];
beforeAll(async () => {
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  server = await startHttp({ logger: createLogger({ name: 'test', level: 'debug', destination }) });
  ada = await signUp(server.url);
  listId = (await ada.call('POST', '/api/v1/lists', { title: 'Bad' })).body.id;
});
afterAll(() => server.close());

const tasks = () => `/api/v1/lists/${listId}/tasks`;
const post = (body: string, headers: Record<string, string> = {}) => ada.call('POST', tasks(), body, headers);

describe('bodies', () => {
  test.each([
    ['not JSON', '{"title":', 400, 'invalid'],
    ['not an object', '[]', 400, 'invalid'],
    ['null', 'null', 400, 'invalid'],
    ['a field too many', '{"title":"x","admin":true}', 400, 'invalid'],
    ['__proto__', '{"title":"x","__proto__":{"role":"owner"}}', 400, 'invalid'],
    ['constructor', '{"title":"x","constructor":{"prototype":{"a":1}}}', 400, 'invalid'],
    ['a zero character', '{"title":"a\\u0000b"}', 400, 'invalid'],
    ['a wrong type', '{"title":7}', 400, 'invalid'],
    ['a forged id', '{"title":"x","id":"../../etc/passwd"}', 400, 'invalid'],
    ['a day that does not exist', '{"title":"x","due":{"date":"2026-02-30"}}', 400, 'invalid'],
    ['a title of 1 MB', JSON.stringify({ title: 'x'.repeat(999_000) }), 400, 'invalid'],
    ['2 MB', JSON.stringify({ title: 'x'.repeat(2_000_000) }), 413, 'too_large'],
    ['a deep nest', `{"title":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, 'invalid'],
  ])('%s', async (_, body, status, code) => {
    const answer = await post(body);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      status,
      code,
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
    });
    expect(answer.status).toBe(status);
    expect(Object.prototype).not.toHaveProperty('role');
  });

  test('more than 1 MB without a length is cut off too', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(100_000));
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => (sent++ < 20 ? controller.enqueue(chunk) : controller.close()),
    });
    const answer = await fetch(server.url + tasks(), {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'as %s',
    async (type) => {
      expect((await post('{"title":"x"}', { 'content-type': type })).body).toMatchObject({ code: 'invalid' });
    },
  );

  test('faults are told by path, without what was sent', async () => {
    const { body } = await ada.call('POST', tasks(), { title: '', priority: 'sekret', due: null });
    expect(body.faults.map((fault: { path: string }) => fault.path).sort()).toEqual(['priority', 'title']);
    expect(JSON.stringify(body)).not.toContain('sekret');
  });
});

describe('addresses', () => {
  test.each([
    ['an unknown route', 'GET', '/api/v1/nothing', 404, 'not_found'],
    ['a method that it has not', 'DELETE', '/api/v1/lists', 404, 'not_found'],
    ['an id that is none', 'GET', '/api/v1/lists/1', 400, 'invalid'],
    ['an id that reaches further', 'GET', '/api/v1/tasks/..%2f..%2fetc', 400, 'invalid'],
    ['a broken escape', 'GET', '/api/v1/tasks/%E0%A4%A', 400, 'invalid'],
    ['a zero byte', 'GET', '/api/v1/tasks/%00', 400, 'invalid'],
    ['a zone that Postgres does not know', 'GET', '/api/v1/tasks?zone=AET', 400, 'invalid'],
    ['a limit that is too large', 'GET', '/api/v1/lists?limit=100000', 400, 'invalid'],
    ['a limit twice', 'GET', '/api/v1/lists?limit=1&limit=2', 400, 'invalid'],
    ['a cursor that is none', 'GET', '/api/v1/lists?cursor=%00%ff', 400, 'invalid'],
    ['a zone that is none', 'GET', '/api/v1/tasks?zone=Mars/Base', 400, 'invalid'],
    ['no page here', 'GET', '/nothing', 404, 'not_found'],
  ])('%s', async (_, method, path, status, code) => {
    const answer = await ada.call(method, path);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });

  test('forged cursors', async () => {
    const { body: thread } = await ada.call('POST', '/api/v1/threads', {});
    const collections = [
      ...['/lists', '/tasks', '/threads', '/conflicts', `/threads/${thread.id}/messages`],
      ...[`/lists/${listId}/tasks`, `/lists/${listId}/history`, `/lists/${listId}/members`, `/lists/${listId}/at`],
    ];
    const numbers = ['1e400', '-1e400', '1.5', '9007199254740992', '-9007199254740993', '9007199254740991', '-1'];
    const strings = ['""', '"\\ud800"', '"nobody"', '"9999999-99"', '{}', 'null'];
    for (const collection of collections) {
      for (const value of [...numbers, ...strings]) {
        const places = [`{"at":${value},"seq":${value},"id":"x"}`, `{"day":${value},"pos":${value},"id":${value}}`];
        for (const place of [...places, value]) {
          const cursor = Buffer.from(place).toString('base64url');
          const { status } = await ada.call('GET', `/api/v1${collection}?cursor=${cursor}`);
          expect([200, 400].includes(status) ? 'answered' : [collection, place, status]).toBe('answered');
        }
      }
    }
    const forged = Buffer.from('{"at":1.5,"id":"x"}').toString('base64url');
    expect((await ada.call('GET', `/api/v1/conflicts?cursor=${forged}`)).body).toMatchObject({ code: 'invalid' });
  });

  test('a search for SQL, wildcards and zero bytes finds nothing and breaks nothing', async () => {
    for (const q of ["'; drop table task; --", '%_%', '\\', '\u0000']) {
      const answer = await ada.call('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`);
      expect(answer.status).toBe(q === '\u0000' ? 400 : 200);
    }
  });
});

test('ids of others and taken ids', async () => {
  const bea = await signUp(server.url, 'Bea');
  const { body: hers } = await bea.call('POST', '/api/v1/lists', { title: 'Hers' });
  const { body: task } = await bea.call('POST', `/api/v1/lists/${hers.id}/tasks`, { title: 'x' });
  expect((await ada.call('POST', '/api/v1/lists', { id: hers.id, title: 'x' })).body).toMatchObject({
    code: 'conflict',
    status: 409,
  });
  expect((await ada.call('POST', tasks(), { id: task.id, title: 'x' })).body).toMatchObject({ code: 'conflict' });
  expect((await ada.call('POST', tasks(), { title: 'x', parentId: task.id })).status).toBeGreaterThanOrEqual(400);
  const { body: own } = await ada.call('POST', tasks(), { title: 'mine' });
  expect((await ada.call('PATCH', `/api/v1/tasks/${own.id}`, { listId: hers.id })).body).toMatchObject({
    code: 'not_found',
  });
  expect((await bea.call('GET', `/api/v1/tasks/${task.id}`)).body).toEqual(task);
});

test('script in a title is text, told as JSON that no browser shows as a page', async () => {
  const title = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  const { body, headers } = await ada.call('POST', tasks(), { title });
  expect(body.title).toBe(title);
  expect(headers.get('content-type')).toContain('application/json');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('raw garbage on the connection ends that connection only', async () => {
  const { port } = new URL(server.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0000\u0001 GARBAGE \r\n\r\n'));
    socket
      .on('close', () => resolve())
      .on('error', () => undefined)
      .resume();
  });
  expect((await ada.call('GET', '/api/v1/lists')).status).toBe(200);
});

test('an internal error tells an id that stands in the log, and nothing else', async () => {
  const inner = server.bus.watchRun;
  const { body: thread } = await ada.call('POST', '/api/v1/threads', {});
  server.bus.watchRun = async () => {
    throw new Error('the password is hunter2');
  };
  const answer = await ada.call(
    'POST',
    `/api/v1/threads/${thread.id}/messages`,
    { text: 'x' },
    { accept: 'text/event-stream' },
  );
  server.bus.watchRun = inner;
  expect(answer.status).toBe(500);
  expect(answer.body).toMatchObject({ code: 'internal', retryable: true, errorId: expect.any(String) });
  expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  expect(lines.some((line) => line.includes(answer.body.errorId) && line.includes('"level":"error"'))).toBe(true);
});

test('the log holds no content, no secret and no address of what was asked', async () => {
  const marker = `marker${v7().replaceAll('-', '')}`;
  await ada.call('POST', tasks(), { title: marker, notes: marker, nothing: marker });
  await ada.call('GET', `/api/v1/tasks?q=${marker}`);
  await ada.call('GET', `/api/v1/${marker}`);
  await ada.call('POST', '/api/v1/links/accept', { secret: marker });
  await signUp(server.url, marker, `${marker}@example.test`);
  await request(server.url, 'POST', '/api/auth/sign-in/email', { email: `${marker}@example.test`, password: marker });
  await request(server.url, 'GET', '/api/v1/lists', undefined, { cookie: `muster.session_token=${marker}` });
  const requestId = (await ada.call('GET', '/api/v1/lists', undefined, { 'x-request-id': 'my-request-1' })).headers.get(
    'x-request-id',
  );
  expect(requestId).toBe('my-request-1');
  expect(lines.join('')).toContain('my-request-1');
  expect(lines.join('')).toContain('"route":"/api/v1/lists/{id}/tasks"');
  expect(lines.join('')).not.toContain(marker);
  expect(lines.join('')).not.toContain(ada.token);
});
