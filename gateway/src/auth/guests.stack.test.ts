import { randomUUID } from 'node:crypto';
import { MusterError } from '@muster/protocol/error';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  enterAsGuest,
  request,
  signIn,
  signUp,
  startHttp,
  type TestHttp,
  type Visitor,
} from '../http/test/start-http.ts';

let server: TestHttp;
let doMergesFail = false;
beforeAll(async () => {
  server = await startHttp({
    wrapCommit: (commit) =>
      Object.assign(
        async (submission: Parameters<typeof commit>[0]) => {
          if (doMergesFail && submission.commands[0]?.name === 'guest.merge') {
            throw new MusterError('unavailable', 'The database is away.');
          }
          return commit(submission);
        },
        { close: () => commit.close() },
      ),
  });
});
beforeEach(() => {
  doMergesFail = false;
});
afterAll(() => server.close());

/** A guest who has a list with a task, and a conversation. */
async function busyGuest(): Promise<{ guest: Visitor; listId: string; threadId: string }> {
  const guest = await enterAsGuest(server.url);
  const { body: list } = await guest.call('POST', '/api/v1/lists', { title: 'Try it' });
  await guest.call('POST', `/api/v1/lists/${list.id}/tasks`, { title: 'keep me' });
  const { body: thread } = await guest.call('POST', '/api/v1/threads', { title: 'Mine' });
  return { guest, listId: list.id, threadId: thread.id };
}

const becomes = (guest: Visitor, email: string) =>
  signUp(server.url, 'Grace', email, { cookie: guest.cookie, origin: server.url });
const titles = async (person: Visitor, listId: string) =>
  (await person.call('GET', `/api/v1/lists/${listId}/tasks`)).body.items.map((task: { title: string }) => task.title);

describe('a guest', () => {
  test('can do everything, and is told as a guest', async () => {
    const { guest, listId } = await busyGuest();
    expect(await server.identities.fromToken(guest.token)).toMatchObject({ kind: 'guest', was: [] });
    const { body } = await guest.call('GET', `/api/v1/lists/${listId}/members`);
    expect(body.items).toEqual([{ userId: guest.userId, role: 'owner', name: 'Guest', image: null, kind: 'guest' }]);
  });

  test('who signs up keeps all, and is named in `was`', async () => {
    const { guest, listId, threadId } = await busyGuest();
    const was = await server.identities.fromToken(guest.token);
    const { body: script } = await guest.call('POST', '/api/v1/tokens', { name: 'script' });
    const grace = await becomes(guest, `${randomUUID()}@example.test`);
    expect(grace.userId).not.toBe(guest.userId);
    expect(await titles(grace, listId)).toEqual(['keep me']);
    expect((await grace.call('GET', `/api/v1/lists/${listId}`)).body).toMatchObject({ role: 'owner' });
    expect((await grace.call('GET', `/api/v1/threads/${threadId}`)).body).toMatchObject({ title: 'Mine' });
    expect(await server.identities.fromToken(grace.token)).toMatchObject({ kind: 'person', was: [guest.userId] });
    expect(await server.identities.fromToken(script.token)).toMatchObject({ userId: grace.userId, kind: 'person' });
    expect(server.closedSessions).toContain(script.id);
    // The guest's session is over, its sockets are told, and its scope says where it went.
    expect(server.closedSessions).toContain(was?.sessionId);
    expect((await guest.call('GET', '/api/v1/lists')).status).toBe(401);
    const moved = await server.db
      .selectFrom('scope')
      .select(['gone', 'gone_to'])
      .where('id', '=', `user:${guest.userId}`)
      .executeTakeFirst();
    expect(moved).toEqual({ gone: 'moved', gone_to: `user:${grace.userId}` });
  });

  test('who signs in to an account brings their work to what is there', async () => {
    const ada = await signUp(server.url);
    const { body: own } = await ada.call('POST', '/api/v1/lists', { title: 'Her own' });
    const { guest, listId } = await busyGuest();
    const again = await signIn(server.url, ada.email, { cookie: guest.cookie, origin: server.url });
    expect(again.userId).toBe(ada.userId);
    const ids = (await again.call('GET', '/api/v1/lists')).body.items.map((list: { id: string }) => list.id);
    expect(ids).toEqual([own.id, listId]);
  });

  test('whose merge failed is still a guest with all their work, and signing in from their session repeats it', async () => {
    const { guest, listId } = await busyGuest();
    const email = `${randomUUID()}@example.test`;
    doMergesFail = true;
    const failed = await request(
      server.url,
      'POST',
      '/api/auth/sign-up/email',
      { name: 'Grace', email, password: 'correct horse battery' },
      { cookie: guest.cookie, origin: server.url },
    );
    expect(failed.status).toBe(503);
    expect(failed.headers.getSetCookie().join()).not.toContain('session_token');
    expect(failed.headers.get('set-auth-token')).toBeNull();
    expect(await titles(guest, listId)).toEqual(['keep me']);

    doMergesFail = false;
    const grace = await signIn(server.url, email, { cookie: guest.cookie, origin: server.url });
    expect(await titles(grace, listId)).toEqual(['keep me']);
    expect(await server.identities.fromToken(grace.token)).toMatchObject({ was: [guest.userId] });
    expect((await guest.call('GET', '/api/v1/lists')).status).toBe(401);
  });
});

describe('invitations', () => {
  test('to an address without an account wait, look the same, and are taken up by its first request', async () => {
    const ada = await signUp(server.url);
    const bea = await signUp(server.url, 'Bea');
    const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Shared' });
    const members = `/api/v1/lists/${list.id}/members`;
    const email = `${randomUUID()}@example.test`;
    const waiting = await ada.call('POST', members, { email: email.toUpperCase(), role: 'editor' });
    const known = await ada.call('POST', members, { email: bea.email, role: 'editor' });
    expect(waiting.status).toBe(201);
    expect(waiting.body).toEqual({ email, role: 'editor', isMailed: false });
    expect({ ...known.body, email }).toEqual(waiting.body);
    const { body } = await ada.call('GET', `/api/v1/lists/${list.id}/invitations`);
    const expiresAt: unknown = expect.any(Number);
    expect(body.items).toEqual([{ id: expect.any(String), email, role: 'editor', expiresAt, mail: 'off' }]);

    const cleo = await signUp(server.url, 'Cleo', email);
    expect((await cleo.call('GET', `/api/v1/lists/${list.id}`)).body).toMatchObject({ role: 'editor' });
    expect((await bea.call('GET', `/api/v1/lists/${list.id}`)).body).toMatchObject({ role: 'editor' });
    expect((await ada.call('GET', `/api/v1/lists/${list.id}/invitations`)).body.items).toEqual([]);
  });

  test('that were taken back let nobody in', async () => {
    const ada = await signUp(server.url);
    const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Shared' });
    const email = `${randomUUID()}@example.test`;
    await ada.call('POST', `/api/v1/lists/${list.id}/members`, { email, role: 'viewer' });
    const [invitation] = (await ada.call('GET', `/api/v1/lists/${list.id}/invitations`)).body.items;
    expect((await ada.call('DELETE', `/api/v1/lists/${list.id}/invitations/${invitation.id}`)).status).toBe(204);
    const cleo = await signUp(server.url, 'Cleo', email);
    expect((await cleo.call('GET', `/api/v1/lists/${list.id}`)).status).toBe(404);
  });

  test('wait for a verified address where addresses are not trusted', async () => {
    const strict = await startHttp({ env: { EMAIL_TRUST: 'verified' } });
    try {
      const ada = await signUp(strict.url);
      const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Shared' });
      const email = `${randomUUID()}@example.test`;
      await ada.call('POST', `/api/v1/lists/${list.id}/members`, { email, role: 'viewer' });
      const cleo = await signUp(strict.url, 'Cleo', email);
      expect((await cleo.call('GET', `/api/v1/lists/${list.id}`)).status).toBe(404);
      await strict.db.updateTable('user').set({ emailVerified: true }).where('id', '=', cleo.userId).execute();
      const again = await signIn(strict.url, email);
      expect((await again.call('GET', `/api/v1/lists/${list.id}`)).body).toMatchObject({ role: 'viewer' });
    } finally {
      await strict.close();
    }
  });
});
