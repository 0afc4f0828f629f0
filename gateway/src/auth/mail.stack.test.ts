import { createAccountRepository } from '@muster/db/repositories/account.repository';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { request, signIn, signUp, startHttp, type TestHttp } from '../http/test/start-http.ts';

/** What the worker would send. */
let server: TestHttp;
beforeAll(async () => {
  server = await startHttp({
    env: { SMTP_URL: 'smtp://127.0.0.1:9', EMAIL_TRUST: 'verified', PUBLIC_URL: 'http://muster.example' },
  });
});
afterAll(() => server.close());

const mailsTo = async (email: string, kind: string): Promise<{ url: string }[]> =>
  (await server.db.selectFrom('mail').select('data').where('email', '=', email).where('kind', '=', kind).execute()).map(
    ({ data }) => data as { url: string },
  );
const post = (path: string, body: object) => request(server.url, 'POST', `/api/auth/${path}`, body);

test('a forgotten password is chosen anew by a link that works once, and whoever was in is out', async () => {
  const ada = await signUp(server.url);
  const sessionId = (await server.identities.fromToken(ada.token))?.sessionId;
  expect((await post('request-password-reset', { email: ada.email })).status).toBe(200);
  const mails = await mailsTo(ada.email, 'password-reset');
  expect(mails).toHaveLength(1);
  const [page, token] = mails[0]!.url.split('#');
  expect(page).toBe('http://muster.example/reset-password');

  const newPassword = 'a better one, at last';
  expect((await post('reset-password', { newPassword: 'short', token })).body.code).toBe('PASSWORD_TOO_SHORT');
  expect((await post('reset-password', { newPassword, token })).status).toBe(200);
  expect((await post('reset-password', { newPassword, token })).body.code).toBe('INVALID_TOKEN');
  expect((await ada.call('GET', '/api/v1/lists')).status).toBe(401);
  expect(server.closedSessions).toContain(sessionId);
  await expect(signIn(server.url, ada.email)).rejects.toThrow('401');
  expect((await post('sign-in/email', { email: ada.email, password: newPassword })).status).toBe(200);
});

test('who has no account is answered the same, gets no mail, and nobody fills the box of somebody else', async () => {
  const ada = await signUp(server.url);
  const [known, unknown] = await Promise.all(
    [ada.email, 'nobody@example.test'].map((email) => post('request-password-reset', { email })),
  );
  expect(unknown?.body).toEqual(known?.body);
  expect(await mailsTo('nobody@example.test', 'password-reset')).toEqual([]);
  for (let n = 0; n < 8; n++) await post('request-password-reset', { email: ada.email });
  expect((await mailsTo(ada.email, 'password-reset')).length).toBeLessThanOrEqual(5);
});

test('an invitation is told by mail, and taken up once its address has answered one', async () => {
  const ada = await signUp(server.url, 'Ada');
  const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Trip' });
  const invite = (email: string) => ada.call('POST', `/api/v1/lists/${list.id}/members`, { email, role: 'editor' });
  const email = 'grace@example.test';
  expect((await invite(email)).body).toEqual({ email, role: 'editor', isMailed: true });
  const invitations = `/api/v1/lists/${list.id}/invitations`;
  expect((await ada.call('GET', invitations)).body.items).toMatchObject([{ email, mail: 'waiting' }]);
  for (const [column, mail] of [
    ['failed_at', 'failed'],
    ['sent_at', 'sent'],
  ] as const) {
    await server.db.updateTable('mail').set(column, 1).where('email', '=', email).execute();
    expect((await ada.call('GET', invitations)).body.items).toMatchObject([{ email, mail }]);
  }

  const grace = await signUp(server.url, 'Grace', email);
  expect((await grace.call('GET', '/api/v1/lists')).body.items).toEqual([]);
  const [mail] = await mailsTo(email, 'verification');
  const { pathname, search } = new URL(mail!.url);
  const answered = await request(server.url, 'GET', pathname + search);
  expect([answered.status, answered.headers.get('location')]).toEqual([302, '/']);
  expect((await grace.call('GET', '/api/v1/lists')).body.items).toMatchObject([{ id: list.id, role: 'editor' }]);
});

test('who did not get the mail that confirms their address has it sent again, and sees what became of it', async () => {
  const lin = await signUp(server.url, 'Lin');
  const look = () => lin.call('GET', '/api/v1/me/confirmation');
  const ask = () => lin.call('POST', '/api/v1/me/confirmation');
  const waiting = {
    email: lin.email,
    isConfirmed: false,
    isNeeded: true,
    mail: 'waiting',
    askedAt: expect.any(Number),
  };
  expect((await look()).body).toEqual(waiting);
  await server.db.updateTable('mail').set({ failed_at: 1, created_at: 1 }).where('email', '=', lin.email).execute();
  expect((await look()).body).toEqual({ ...waiting, mail: 'failed', askedAt: 1 });
  expect((await ask()).body).toEqual(waiting);
  for (let n = 0; n < 4; n++) await ask();
  const enough = await ask();
  expect([enough.status, enough.body.code]).toEqual([429, 'rate_limited']);
  expect(enough.body.retryAfterMs).toBeGreaterThan(3_500_000);
  const sent = await mailsTo(lin.email, 'verification');
  expect(sent).toHaveLength(6);
  const { pathname, search } = new URL(sent.at(-1)!.url);
  expect((await request(server.url, 'GET', pathname + search)).headers.get('location')).toBe('/settings');
  expect((await ask()).body).toMatchObject({ isConfirmed: true });
  expect(await mailsTo(lin.email, 'verification')).toHaveLength(6);
});

test('without mail nobody is told to wait for one', async () => {
  const bare = await startHttp();
  const ada = await signUp(bare.url);
  const asked = await request(bare.url, 'POST', '/api/auth/request-password-reset', { email: ada.email });
  expect([asked.status, asked.body.code]).toEqual([400, 'RESET_PASSWORD_DISABLED']);
  const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Trip' });
  await ada.call('POST', `/api/v1/lists/${list.id}/members`, { email: 'new@example.test', role: 'viewer' });
  const { body } = await ada.call('GET', `/api/v1/lists/${list.id}/invitations`);
  expect(body.items).toMatchObject([{ email: 'new@example.test', mail: 'off' }]);
  const resent = await ada.call('POST', '/api/v1/me/confirmation');
  expect([resent.status, resent.body.detail]).toEqual([409, expect.stringContaining('sends no mail')]);
  expect((await ada.call('GET', '/api/v1/me/confirmation')).body).toMatchObject({ mail: 'off', isNeeded: false });
  // An operator lets them in again.
  const { allowNewPassword } = createAccountRepository(bare.db);
  expect(await allowNewPassword('nobody@example.test', 'token-of-nobody', 60_000)).toBe(false);
  expect(await allowNewPassword(ada.email.toUpperCase(), 'token-by-hand', 60_000)).toBe(true);
  const chosen = { newPassword: 'a better one, at last', token: 'token-by-hand' };
  expect((await request(bare.url, 'POST', '/api/auth/reset-password', chosen)).status).toBe(200);
  await bare.close();
});
