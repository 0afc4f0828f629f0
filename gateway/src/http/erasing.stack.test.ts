import { afterAll, beforeAll, expect, test } from 'vitest';
import { enterAsGuest, request, signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

let server: TestHttp;
beforeAll(async () => {
  server = await startHttp();
});
afterAll(() => server.close());

const PASSWORD = 'correct horse battery';
const erase = (who: Visitor, body?: unknown) => who.call('DELETE', '/api/v1/me', body);
const kindOf = async (who: Visitor) =>
  (await server.db.selectFrom('principal').select('kind').where('id', '=', who.userId).executeTakeFirst())?.kind;

test('a person is erased with their password alone, and is nobody from then on', async () => {
  const [ada, ben] = [await signUp(server.url, 'Ada'), await signUp(server.url, 'Ben')];
  const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Shared' });
  await ada.call('POST', `/api/v1/lists/${list.id}/members`, { email: ben.email, role: 'editor' });
  await ada.call('POST', `/api/v1/lists/${list.id}/tasks`, { title: 'Stays' });
  for (const body of [{}, { password: 'wrong' }, { confirm: 'delete my account' }]) {
    expect(await erase(ada, body)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
  for (const body of [undefined, { confirm: 'yes' }, { userId: ben.userId }, '[]']) {
    expect((await erase(ada, body)).status).toBe(400);
  }
  const { body: made } = await ada.call('POST', '/api/v1/tokens', { name: 'x' });
  const byToken = { authorization: `Bearer ${made.token}` };
  expect((await request(server.url, 'DELETE', '/api/v1/me', { password: PASSWORD }, byToken)).status).toBe(403);
  expect(await kindOf(ada)).toBe('person');

  const session = await server.identities.fromToken(ada.token);
  expect((await erase(ada, { password: PASSWORD })).status).toBe(204);
  expect(await kindOf(ada)).toBe('erased');
  expect(server.closedSessions).toEqual(expect.arrayContaining([session?.sessionId, made.id]));
  expect(server.announced).toContainEqual({ id: ada.userId, name: 'Deleted person', scopes: [`list:${list.id}`] });
  for (const headers of [{ authorization: `Bearer ${ada.token}` }, { cookie: ada.cookie }, byToken]) {
    expect((await request(server.url, 'GET', '/api/v1/lists', undefined, headers)).status).toBe(401);
  }
  const again = { email: ada.email, password: PASSWORD };
  expect((await request(server.url, 'POST', '/api/auth/sign-in/email', again)).status).toBe(401);
  expect((await ben.call('GET', `/api/v1/lists/${list.id}`)).body).toMatchObject({ role: 'owner' });
  const { body: members } = await ben.call('GET', `/api/v1/lists/${list.id}/members`);
  expect(members.items.map(({ userId }: { userId: string }) => userId)).toEqual([ben.userId]);
  expect((await ben.call('GET', `/api/v1/lists/${list.id}/tasks`)).body.items).toMatchObject([{ title: 'Stays' }]);
  // Their other devices can tell that from a session that ended.
  const isErased = async ({ userId }: Visitor) =>
    (await request(server.url, 'GET', `/api/v1/erased/${userId}`, undefined, {})).body;
  expect([await isErased(ada), await isErased(ben)]).toEqual([{ isErased: true }, { isErased: false }]);
  // The address is free: whoever has it now begins anew.
  const anew = await signUp(server.url, 'Someone', ada.email);
  expect((await anew.call('GET', '/api/v1/lists')).body.items).toEqual([]);
});

test('a guest, who has no password, says the words', async () => {
  const guest = await enterAsGuest(server.url);
  await guest.call('POST', '/api/v1/lists', { title: 'Tried' });
  expect((await erase(guest, { password: '' })).status).toBe(403);
  expect((await erase(guest, { confirm: 'delete my account' })).status).toBe(204);
  expect(await kindOf(guest)).toBe('erased');
});
