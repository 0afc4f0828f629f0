import { createHash } from 'node:crypto';
import { runIdOf } from '@muster/domain/run-ids';
import { runItemId } from '@muster/protocol/id';
import type { SubmittedCommand } from '@muster/db/commit/types';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterAsGuest, request, signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

/** Every route, as everyone: the exact answer. A route without a row here fails the last test. */
const ACTORS = ['nobody', 'stranger', 'guest', 'viewer', 'editor', 'owner'] as const;
type Actor = (typeof ACTORS)[number];

interface World {
  listId: string;
  taskId: string;
  threadId: string;
  runId: string;
  linkId: string;
  secret: string;
  invitationId: string;
  tokenId: string;
  ownThreadId: string;
}
interface Row {
  /** As the router names it. */
  route: string;
  /** Where one route has several cases. */
  what?: string;
  path?: (world: World) => string;
  body?: (world: World) => object;
  /** One status for each actor, in their order. */
  expected: [number, number, number, number, number, number];
}

const EVERYONE: Row['expected'] = [401, 200, 200, 200, 200, 200];
const EVERYONE_MAKES: Row['expected'] = [401, 201, 201, 201, 201, 201];
const MEMBERS: Row['expected'] = [401, 404, 404, 200, 200, 200];
const EDITORS = (done: number): Row['expected'] => [401, 404, 404, 403, done, done];
const OWNERS = (done: number): Row['expected'] => [401, 404, 404, 403, 403, done];
/** The owner's alone, not their list's. */
const OWN = (done: number): Row['expected'] => [401, 404, 404, 404, 404, done];

const ROWS: Row[] = [
  { route: 'GET /lists', expected: EVERYONE },
  { route: 'POST /lists', body: () => ({ title: 'x' }), expected: EVERYONE_MAKES },
  { route: 'GET /lists/{id}', expected: MEMBERS },
  { route: 'PATCH /lists/{id}', what: 'rename', body: () => ({ title: 'x' }), expected: EDITORS(200) },
  { route: 'PATCH /lists/{id}', what: 'archive', body: () => ({ archived: true }), expected: OWNERS(200) },
  { route: 'DELETE /lists/{id}', expected: OWNERS(204) },

  { route: 'GET /lists/{id}/tasks', expected: MEMBERS },
  { route: 'POST /lists/{id}/tasks', body: () => ({ title: 'x' }), expected: EDITORS(201) },
  { route: 'GET /tasks', expected: EVERYONE },
  { route: 'GET /tasks/{id}', path: (w) => `/tasks/${w.taskId}`, expected: MEMBERS },
  {
    route: 'PATCH /tasks/{id}',
    path: (w) => `/tasks/${w.taskId}`,
    body: () => ({ done: true }),
    expected: EDITORS(200),
  },
  { route: 'DELETE /tasks/{id}', path: (w) => `/tasks/${w.taskId}`, expected: EDITORS(204) },

  { route: 'GET /lists/{id}/history', expected: MEMBERS },
  { route: 'GET /conflicts', expected: EVERYONE },
  { route: 'POST /conflicts/dismiss', body: () => ({ all: true }), expected: EVERYONE },
  { route: 'GET /lists/{id}/at', expected: MEMBERS },

  { route: 'GET /lists/{id}/members', expected: MEMBERS },
  {
    route: 'POST /lists/{id}/members',
    body: () => ({ email: 'new@example.test', role: 'viewer' }),
    expected: OWNERS(201),
  },
  {
    route: 'PATCH /lists/{id}/members/{userId}',
    path: (w) => member(w),
    body: () => ({ role: 'editor' }),
    expected: OWNERS(200),
  },
  { route: 'DELETE /lists/{id}/members/{userId}', path: (w) => member(w), expected: OWNERS(204) },
  { route: 'GET /lists/{id}/invitations', expected: OWNERS(200) },
  {
    route: 'DELETE /lists/{id}/invitations/{invitationId}',
    path: (w) => `/lists/${w.listId}/invitations/${w.invitationId}`,
    expected: OWNERS(204),
  },

  { route: 'GET /lists/{id}/links', expected: OWNERS(200) },
  { route: 'POST /lists/{id}/links', body: () => ({ role: 'editor' }), expected: OWNERS(201) },
  {
    route: 'DELETE /lists/{id}/links/{linkId}',
    path: (w) => `/lists/${w.listId}/links/${w.linkId}`,
    expected: OWNERS(204),
  },
  { route: 'GET /erased/{id}', path: (w) => `/erased/${w.listId}`, expected: [200, 200, 200, 200, 200, 200] },
  { route: 'POST /links/preview', body: (w) => ({ secret: w.secret }), expected: [200, 200, 200, 200, 200, 200] },
  { route: 'POST /links/accept', body: (w) => ({ secret: w.secret }), expected: EVERYONE_MAKES },
  {
    route: 'POST /links/accept',
    what: 'guessed',
    body: () => ({ secret: 'x'.repeat(32) }),
    expected: [401, 404, 404, 404, 404, 404],
  },

  { route: 'GET /threads', expected: EVERYONE },
  { route: 'POST /threads', what: 'own', body: () => ({ title: 'x' }), expected: EVERYONE_MAKES },
  { route: 'POST /threads', what: 'of the list', body: (w) => ({ listId: w.listId }), expected: EDITORS(201) },
  { route: 'GET /threads/{id}', path: (w) => `/threads/${w.threadId}`, expected: MEMBERS },
  { route: 'GET /threads/{id}', what: 'own', path: (w) => `/threads/${w.ownThreadId}`, expected: OWN(200) },
  {
    route: 'PATCH /threads/{id}',
    path: (w) => `/threads/${w.threadId}`,
    body: () => ({ title: 'x' }),
    expected: EDITORS(200),
  },
  {
    route: 'PATCH /threads/{id}',
    what: 'own',
    path: (w) => `/threads/${w.ownThreadId}`,
    body: () => ({ title: 'x' }),
    expected: OWN(200),
  },
  { route: 'DELETE /threads/{id}', path: (w) => `/threads/${w.threadId}`, expected: EDITORS(204) },
  { route: 'GET /threads/{id}/messages', path: (w) => `/threads/${w.threadId}/messages`, expected: MEMBERS },
  {
    route: 'GET /threads/{id}/messages',
    what: 'own',
    path: (w) => `/threads/${w.ownThreadId}/messages`,
    expected: OWN(200),
  },
  {
    route: 'POST /threads/{id}/messages',
    path: (w) => `/threads/${w.threadId}/messages`,
    body: () => ({ text: 'x' }),
    expected: EDITORS(201),
  },
  {
    route: 'POST /threads/{id}/messages',
    what: 'own',
    path: (w) => `/threads/${w.ownThreadId}/messages`,
    body: () => ({ text: 'x' }),
    expected: OWN(201),
  },
  { route: 'GET /runs/{id}', path: (w) => `/runs/${w.runId}`, expected: MEMBERS },
  { route: 'POST /runs/{id}/stop', path: (w) => `/runs/${w.runId}/stop`, expected: EDITORS(200) },
  {
    route: 'POST /runs/{id}/decide',
    path: (w) => `/runs/${w.runId}/decide`,
    body: () => ({ callId: 'c1', approve: true }),
    expected: EDITORS(200),
  },

  { route: 'GET /tokens', expected: EVERYONE },
  { route: 'POST /tokens', body: () => ({ name: 'x' }), expected: EVERYONE_MAKES },
  { route: 'DELETE /tokens/{id}', path: (w) => `/tokens/${w.tokenId}`, expected: OWN(204) },

  { route: 'GET /me/confirmation', expected: [401, 200, 404, 200, 200, 200] },
  { route: 'POST /me/confirmation', what: 'without mail', expected: [401, 409, 404, 409, 409, 409] },

  {
    route: 'DELETE /me',
    what: 'without proof',
    body: () => ({ password: 'a guess' }),
    expected: [401, 403, 403, 403, 403, 403],
  },
];
const member = (world: World) => `/lists/${world.listId}/members/${other.userId}`;

const CODES: Record<number, string> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict' };

let server: TestHttp;
let people: Record<Exclude<Actor, 'nobody'>, Visitor>;
let other: Visitor;
beforeAll(async () => {
  server = await startHttp();
  const [stranger, guest, viewer, editor, owner] = await Promise.all([
    signUp(server.url, 'Stranger'),
    enterAsGuest(server.url),
    signUp(server.url, 'Viewer'),
    signUp(server.url, 'Editor'),
    signUp(server.url, 'Owner'),
  ]);
  people = { stranger, guest, viewer, editor, owner };
  other = await signUp(server.url, 'Other');
  for (const person of [...Object.values(people), other]) await person.call('GET', '/api/v1/lists');
});
afterAll(() => server.close());

/** A list with one of everything, new for each request, since what succeeds may destroy it. */
async function makeWorld(): Promise<World> {
  const [listId, taskId, threadId, ownThreadId, messageId, linkId] = [v7(), v7(), v7(), v7(), v7(), v7()];
  const actor = { id: people.owner.userId, kind: 'person' as const };
  const run = async (commands: SubmittedCommand[], trusted = false) => {
    const outcome = await server.commit({ actor, commands, ...(trusted ? { trusted } : {}) });
    if (outcome.status !== 'applied') throw new Error(JSON.stringify(outcome));
  };
  const secret = `secret-${linkId}`;
  await run([{ name: 'list.create', args: { id: listId, title: 'World' } }]);
  await run([{ name: 'task.create', args: { id: taskId, listId, title: 'task' } }]);
  for (const [role, { email }] of [
    ['viewer', people.viewer],
    ['editor', people.editor],
    ['viewer', other],
  ] as const) {
    await run([{ name: 'member.invite', args: { listId, email, role } }]);
  }
  await run([{ name: 'member.invite', args: { listId, email: 'waiting@example.test', role: 'viewer' } }]);
  await run([{ name: 'thread.create', args: { id: threadId, listId } }]);
  await run([{ name: 'thread.create', args: { id: ownThreadId } }]);
  await run([{ name: 'message.send', args: { id: messageId, threadId, text: 'hello' } }]);
  const runId = runIdOf(messageId);
  const body = { decision: null, by: null };
  const item = { id: runItemId(runId, 0), n: 0, kind: 'approval', callId: 'c1', body, state: 'open' };
  await run([{ name: 'run.claim', args: { runId } }], true);
  await run([{ name: 'run.item', args: { runId, attempt: 1, item } }], true);
  await run([{ name: 'run.end', args: { runId, attempt: 1, status: 'awaiting_approval' } }], true);
  const secretHash = createHash('sha256').update(secret).digest('hex');
  await run(
    [
      {
        name: 'link.create',
        args: { id: linkId, listId, role: 'viewer', expiresAt: null, secretHash, secretSealed: 'x' },
      },
    ],
    true,
  );
  const invitation = await server.db
    .selectFrom('invitation')
    .select('id')
    .where('acl_id', '=', `list:${listId}`)
    .where('taken_at', 'is', null)
    .executeTakeFirstOrThrow();
  const { body: token } = await people.owner.call('POST', '/api/v1/tokens', { name: 'x' });
  return {
    listId,
    taskId,
    threadId,
    ownThreadId,
    runId,
    linkId,
    secret,
    invitationId: invitation.id,
    tokenId: token.id,
  };
}

describe.each(ROWS)('$route $what', ({ route, path, body, expected }) => {
  test.each(ACTORS.map((actor, index) => ({ actor, status: expected[index] ?? 0 })))(
    '$actor: $status',
    async ({ actor, status }) => {
      const world = await makeWorld();
      const [method = '', pattern = ''] = route.split(' ');
      const address = `/api/v1${path?.(world) ?? pattern.replace('{id}', world.listId)}`;
      const answer =
        actor === 'nobody'
          ? await request(server.url, method, address, body?.(world))
          : await people[actor].call(method, address, body?.(world));
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code: CODES[status] });
      if (status >= 400) {
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(JSON.stringify(answer.body)).not.toContain('World');
      }
      await people.owner.call('DELETE', `/api/v1/tokens/${world.tokenId}`);
    },
  );
});

test('a question of the agent is answered once, and what the answer holds for is kept', async () => {
  const { runId } = await makeWorld();
  const decide = (body: object) => people.editor.call('POST', `/api/v1/runs/${runId}/decide`, body);
  expect((await decide({ approve: true })).status).toBe(400);
  expect((await decide({ callId: 'another', approve: true })).status).toBe(404);
  for (const approve of [true, false]) {
    const answer = await decide({ callId: 'c1', approve, remember: true });
    expect([answer.status, answer.body]).toEqual([200, { status: 'queued' }]);
  }
  const { body } = await people.viewer.call('GET', `/api/v1/runs/${runId}`);
  expect(body.items).toMatchObject([
    { state: 'done', body: { decision: 'approved', by: people.editor.userId, remember: true } },
  ]);
});

test('what is not there and what is not yours are answered alike', async () => {
  const world = await makeWorld();
  for (const path of [
    `/lists/${world.listId}`,
    `/tasks/${world.taskId}`,
    `/threads/${world.threadId}`,
    `/runs/${world.runId}`,
  ]) {
    const { body: foreign } = await people.stranger.call('GET', `/api/v1${path}`);
    const { body: absent } = await people.stranger.call(
      'GET',
      `/api/v1${path.slice(0, path.lastIndexOf('/') + 1)}${v7()}`,
    );
    expect({ ...foreign, instance: '' }).toEqual({ ...absent, instance: '' });
  }
});

test('only owners see e-mail addresses', async () => {
  const { listId } = await makeWorld();
  const emailsFor = async (person: Visitor) =>
    (await person.call('GET', `/api/v1/lists/${listId}/members`)).body.items.filter((one: object) => 'email' in one)
      .length;
  expect(await emailsFor(people.owner)).toBe(4);
  expect(await emailsFor(people.editor)).toBe(0);
  expect(await emailsFor(people.viewer)).toBe(0);
});

test('there is a row for every route, and no other', () => {
  const routes = server.http.routes.map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(ROWS.map(({ route }) => route))].sort()).toEqual(routes.sort());
});
