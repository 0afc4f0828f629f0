import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request, signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

let server: TestHttp;
let ada: Visitor;
let bea: Visitor;
beforeAll(async () => {
  server = await startHttp({ env: { PUBLIC_URL: 'http://muster.example/' } });
  ada = await signUp(server.url);
  bea = await signUp(server.url, 'Bea');
  await bea.call('GET', '/api/v1/lists');
});
afterAll(() => server.close());

const makeList = async () => (await ada.call('POST', '/api/v1/lists', { title: 'Shared' })).body.id as string;

describe('invite links', () => {
  const makeLink = async (listId: string, body: object = { role: 'editor' }) =>
    (await ada.call('POST', `/api/v1/lists/${listId}/links`, body)).body;

  test('are made, shown to the owner again, previewed, counted and revoked', async () => {
    const listId = await makeList();
    const made = await ada.call('POST', `/api/v1/lists/${listId}/links`, { role: 'editor' });
    expect(made.status).toBe(201);
    const link = made.body;
    expect(link).toEqual({
      id: expect.any(String),
      role: 'editor',
      secret: expect.stringMatching(/^[\w-]{32}$/),
      url: `http://muster.example/join#${link.secret}`,
      createdAt: expect.any(Number),
      expiresAt: null,
      uses: 0,
    });
    expect((await ada.call('GET', `/api/v1/lists/${listId}/links`)).body.items).toEqual([link]);

    const preview = await request(server.url, 'POST', '/api/v1/links/preview', { secret: link.secret });
    expect([preview.status, preview.body]).toEqual([200, { listId, title: 'Shared', role: 'editor', isMember: false }]);
    const accepted = await bea.call('POST', '/api/v1/links/accept', { secret: link.secret });
    expect([accepted.status, accepted.body]).toEqual([201, { listId, role: 'editor' }]);
    expect((await bea.call('POST', '/api/v1/links/preview', { secret: link.secret })).body.isMember).toBe(true);
    expect((await ada.call('GET', `/api/v1/lists/${listId}/links`)).body.items[0].uses).toBe(1);

    expect((await ada.call('DELETE', `/api/v1/lists/${listId}/links/${link.id}`)).status).toBe(204);
    const late = await signUp(server.url, 'Late');
    expect((await late.call('POST', '/api/v1/links/accept', { secret: link.secret })).body).toMatchObject({
      code: 'not_found',
    });
    expect((await bea.call('GET', `/api/v1/lists/${listId}`)).status).toBe(200);
  });

  test('are stored neither readable nor recoverable without the application’s secret', async () => {
    const listId = await makeList();
    const link = await makeLink(listId);
    const row = await server.db.selectFrom('link').selectAll().where('id', '=', link.id).executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(link.secret);
  });

  test('never lower a role, and make no owners', async () => {
    const listId = await makeList();
    const viewing = await makeLink(listId, { role: 'viewer' });
    expect((await ada.call('POST', '/api/v1/links/accept', { secret: viewing.secret })).body).toEqual({
      listId,
      role: 'owner',
    });
    expect((await ada.call('POST', `/api/v1/lists/${listId}/links`, { role: 'owner' })).body).toMatchObject({
      code: 'invalid',
    });
  });

  test('end when they expire', async () => {
    const listId = await makeList();
    expect(
      (await ada.call('POST', `/api/v1/lists/${listId}/links`, { role: 'viewer', expiresAt: Date.now() - 1 })).status,
    ).toBe(400);
    const link = await makeLink(listId, { role: 'viewer', expiresAt: Date.now() + 60_000 });
    await server.db
      .updateTable('link')
      .set({ expires_at: Date.now() - 1 })
      .where('id', '=', link.id)
      .execute();
    expect((await bea.call('POST', '/api/v1/links/accept', { secret: link.secret })).status).toBe(404);
    expect((await ada.call('GET', `/api/v1/lists/${listId}/links`)).body.items).toEqual([]);
  });

  test('let nobody back in who was removed', async () => {
    const listId = await makeList();
    const link = await makeLink(listId);
    await bea.call('POST', '/api/v1/links/accept', { secret: link.secret });
    expect((await ada.call('DELETE', `/api/v1/lists/${listId}/members/${bea.userId}`)).status).toBe(204);
    expect((await bea.call('POST', '/api/v1/links/accept', { secret: link.secret })).status).toBe(404);
  });
});

describe('members', () => {
  test('get another role, leave, and the last owner stays', async () => {
    const listId = await makeList();
    const members = `/api/v1/lists/${listId}/members`;
    expect((await ada.call('POST', members, { email: bea.email, role: 'viewer' })).status).toBe(201);
    const raised = await ada.call('PATCH', `${members}/${bea.userId}`, { role: 'editor' });
    expect(raised.body).toMatchObject({ userId: bea.userId, role: 'editor', email: bea.email });
    const last = await ada.call('DELETE', `${members}/${ada.userId}`);
    expect(last.body).toMatchObject({ code: 'conflict', status: 409 });
    expect((await bea.call('DELETE', `${members}/${bea.userId}`)).status).toBe(204);
    expect((await bea.call('GET', `/api/v1/lists/${listId}`)).status).toBe(404);
  });
});

describe('API tokens', () => {
  test('stand for their person, are told once, listed without their secret, and deleted', async () => {
    const made = await ada.call('POST', '/api/v1/tokens', { name: 'script' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...{ id: expect.any(String), name: 'script', token: expect.stringMatching(/^mst_[\w-]{32}$/) },
      ...{ createdAt: expect.any(Number), expiresAt: null, lastUsedAt: null },
    });
    const { token, ...rest } = made.body;
    const asToken = (method: string, path: string) =>
      request(server.url, method, path, undefined, { authorization: `Bearer ${token}` });
    expect((await asToken('GET', '/api/v1/lists')).status).toBe(200);
    const { body: listed } = await ada.call('GET', '/api/v1/tokens');
    expect(listed.items).toEqual([{ ...rest, lastUsedAt: expect.any(Number) }]);
    const rows = await server.db.selectFrom('api_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);

    expect((await ada.call('DELETE', `/api/v1/tokens/${rest.id}`)).status).toBe(204);
    expect(server.closedSessions).toContain(rest.id);
    expect((await asToken('GET', '/api/v1/lists')).status).toBe(401);
    expect((await ada.call('DELETE', `/api/v1/tokens/${rest.id}`)).status).toBe(404);
  });

  test('expire, and there are only so many', async () => {
    const cleo = await signUp(server.url, 'Cleo');
    const { body: made } = await cleo.call('POST', '/api/v1/tokens', { name: 'short', expiresAt: Date.now() + 60_000 });
    await server.db
      .updateTable('api_token')
      .set({ expires_at: Date.now() - 1 })
      .where('id', '=', made.id)
      .execute();
    expect(await server.identities.fromToken(made.token)).toBeUndefined();
    let last = 201;
    for (let n = 0; n < 60 && last === 201; n++)
      last = (await cleo.call('POST', '/api/v1/tokens', { name: 'x' })).status;
    expect(last).toBe(429);
  });
});

describe('an Idempotency-Key', () => {
  const POSTS: [string, (listId: string) => [path: string, body: object]][] = [
    ['a list', () => ['/lists', { title: 'once' }]],
    ['a task', (listId) => [`/lists/${listId}/tasks`, { title: 'once' }]],
    ['a link', (listId) => [`/lists/${listId}/links`, { role: 'viewer' }]],
    ['a thread', (listId) => ['/threads', { listId }]],
    ['a token', () => ['/tokens', { name: 'once' }]],
    ['an invitation', (listId) => [`/lists/${listId}/members`, { email: 'once@example.test', role: 'viewer' }]],
  ];

  test.each(POSTS)('makes %s once, and answers the same', async (_, of) => {
    const listId = await makeList();
    const [path, body] = of(listId);
    const headers = { 'idempotency-key': v7() };
    const post = (sent: object = body) => ada.call('POST', `/api/v1${path}`, sent, headers);
    const [first, second] = await Promise.all([post(), post()]);
    const third = await post();
    expect([first.status, second.status, third.status]).toEqual([201, 201, 201]);
    expect([second.body, third.body]).toEqual([first.body, first.body]);
    const other = await post({
      ...body,
      ...('title' in body
        ? { title: 'twice' }
        : 'name' in body
          ? { name: 'twice' }
          : 'role' in body
            ? { role: 'editor' }
            : { title: 'x' }),
    });
    expect(other.body).toMatchObject({ code: 'conflict', status: 409 });
  });

  test('of another person, or on another address, is another', async () => {
    const headers = { 'idempotency-key': 'the-same' };
    const hers = await ada.call('POST', '/api/v1/lists', { title: 'x' }, headers);
    const theirs = await bea.call('POST', '/api/v1/lists', { title: 'x' }, headers);
    expect([hers.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(hers.body.id);
    expect((await ada.call('POST', '/api/v1/threads', { title: 'x' }, headers)).body).toMatchObject({
      code: 'conflict',
    });
    expect(
      (await ada.call('POST', '/api/v1/lists', { title: 'x' }, { 'idempotency-key': 'x'.repeat(201) })).body,
    ).toMatchObject({ code: 'invalid' });
  });

  test('that was refused is refused again, in the same words', async () => {
    const listId = await makeList();
    const headers = { 'idempotency-key': v7() };
    const post = () => bea.call('POST', `/api/v1/lists/${listId}/tasks`, { title: 'x' }, headers);
    const first = await post();
    expect(first.status).toBe(404);
    expect((await post()).status).toBe(404);
  });
});

describe('conversations', () => {
  test('are begun, renamed, listed newest first, and deleted', async () => {
    const cleo = await signUp(server.url, 'Cleo');
    const ids: string[] = [];
    for (const title of ['one', 'two', 'three'])
      ids.unshift((await cleo.call('POST', '/api/v1/threads', { title })).body.id);
    const page = await cleo.call('GET', '/api/v1/threads?limit=2');
    const rest = await cleo.call('GET', `/api/v1/threads?limit=2&cursor=${page.body.next}`);
    expect([...page.body.items, ...rest.body.items].map(({ id }) => id)).toEqual(ids);
    expect((await cleo.call('PATCH', `/api/v1/threads/${ids[0]}`, { title: 'new' })).body).toMatchObject({
      title: 'new',
      listId: null,
    });
    expect((await cleo.call('DELETE', `/api/v1/threads/${ids[0]}`)).status).toBe(204);
    expect((await cleo.call('GET', '/api/v1/threads')).body.items).toHaveLength(2);
  });

  test('a message queues a run, tells the queue, and can be stopped', async () => {
    const { body: thread } = await ada.call('POST', '/api/v1/threads', {});
    const sent = await ada.call('POST', `/api/v1/threads/${thread.id}/messages`, { text: 'Plan a party' });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({
      message: { threadId: thread.id, role: 'user', text: 'Plan a party', runId: sent.body.runId },
    });
    expect(server.hints).toContainEqual({ hint: 'run', runId: sent.body.runId, attempt: 0 });
    expect((await ada.call('GET', `/api/v1/runs/${sent.body.runId}`)).body).toMatchObject({
      status: 'queued',
      items: [],
      current: null,
    });
    const stopped = await ada.call('POST', `/api/v1/runs/${sent.body.runId}/stop`);
    expect([stopped.status, stopped.body]).toEqual([200, { status: 'stopped' }]);
    expect((await ada.call('POST', `/api/v1/runs/${sent.body.runId}/stop`, {})).body).toEqual({ status: 'stopped' });
  });
});
