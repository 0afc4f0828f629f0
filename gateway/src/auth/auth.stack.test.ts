import { randomUUID } from 'node:crypto';
import { scopeOf } from '@muster/protocol/id';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request, signIn, signUp, startHttp, type TestHttp } from '../http/test/start-http.ts';

let server: TestHttp;
beforeAll(async () => {
  server = await startHttp({ env: { ALLOWED_ORIGINS: 'https://app.example/' } });
});
afterAll(() => server.close());

const listsAs = (headers: Record<string, string>) => request(server.url, 'GET', '/api/v1/lists', undefined, headers);

describe('accounts', () => {
  test('a script signs up by plain fetch and is somebody by cookie, token and body token alike', async () => {
    const ada = await signUp(server.url);
    for (const headers of [{ authorization: `Bearer ${ada.token}` }, { cookie: ada.cookie }]) {
      const { status, body } = await listsAs(headers);
      expect({ status, body }).toEqual({ status: 200, body: { items: [] } });
    }
    const again = await request(server.url, 'POST', '/api/auth/sign-in/email', {
      email: ada.email,
      password: 'correct horse battery',
    });
    const plain = await server.identities.fromToken(again.body.token);
    expect(plain).toMatchObject({ userId: ada.userId, kind: 'person', was: [] });
    expect(plain?.expiresAt).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  });

  test('the first request makes principal, profile and the own scope, once', async () => {
    const ada = await signUp(server.url, 'Ada Lovelace');
    await Promise.all([ada.call('GET', '/api/v1/lists'), ada.call('GET', '/api/v1/lists')]);
    const own = scopeOf('user', ada.userId);
    const profile = await server.db.selectFrom('profile').selectAll().where('principal_id', '=', ada.userId).execute();
    expect(profile).toEqual([{ principal_id: ada.userId, name: 'Ada Lovelace', image: null }]);
    const scopes = await server.db.selectFrom('scope').select(['kind', 'acl_id']).where('id', '=', own).execute();
    expect(scopes).toEqual([{ kind: 'user', acl_id: own }]);
  });

  test('nobody becomes someone by a header or a body that says so', async () => {
    const ada = await signUp(server.url);
    const { status } = await listsAs({ 'x-user-id': ada.userId, 'x-forwarded-user': ada.userId });
    expect(status).toBe(401);
    const bea = await signUp(server.url, 'Bea');
    const { body } = await bea.call('POST', '/api/v1/lists', { title: 'x', userId: ada.userId });
    expect(body).toMatchObject({ code: 'invalid' });
  });

  test('signing out ends the session and tells its sockets, on this and the other sessions apart', async () => {
    const ada = await signUp(server.url);
    const other = await signIn(server.url, ada.email);
    const identity = await server.identities.fromToken(ada.token);
    const out = await request(server.url, 'POST', '/api/auth/sign-out', {}, { cookie: ada.cookie });
    expect(out.status).toBe(200);
    expect(server.closedSessions).toContain(identity?.sessionId);
    expect((await listsAs({ cookie: ada.cookie })).status).toBe(401);
    expect((await other.call('GET', '/api/v1/lists')).status).toBe(200);
  });

  test('sessions are listed, and signing out everywhere ends each of them', async () => {
    const ada = await signUp(server.url);
    const others = [await signIn(server.url, ada.email), await signIn(server.url, ada.email)];
    const listed = await ada.call('GET', '/api/auth/list-sessions');
    expect(listed.body).toHaveLength(3);
    const ids = listed.body.map((session: { id: string }) => session.id);
    const revoked = await ada.call('POST', '/api/auth/revoke-sessions', {});
    expect(revoked.status).toBe(200);
    expect(server.closedSessions).toEqual(expect.arrayContaining(ids));
    for (const one of [ada, ...others]) expect((await one.call('GET', '/api/v1/lists')).status).toBe(401);
  });

  test('an expired session is nobody', async () => {
    const ada = await signUp(server.url);
    expect((await ada.call('GET', '/api/v1/lists')).status).toBe(200);
    await server.db
      .updateTable('session')
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where('userId', '=', ada.userId)
      .execute();
    expect((await ada.call('GET', '/api/v1/lists')).status).toBe(401);
  });

  test('a new name reaches the profile and those who share a list; a long one is refused', async () => {
    const ada = await signUp(server.url);
    const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'x' });
    const updated = await ada.call('POST', '/api/auth/update-user', {
      name: 'Countess',
      image: 'https://pictures.example/a.png',
    });
    expect(updated.status).toBe(200);
    expect(server.announced).toContainEqual({
      id: ada.userId,
      name: 'Countess',
      scopes: expect.arrayContaining([`list:${list.id}`, `user:${ada.userId}`]),
    });
    const { body } = await ada.call('GET', `/api/v1/lists/${list.id}/members`);
    expect(body.items).toEqual([
      {
        userId: ada.userId,
        role: 'owner',
        name: 'Countess',
        image: 'https://pictures.example/a.png',
        kind: 'person',
        email: ada.email,
      },
    ]);
    for (const bad of [{ name: 'x'.repeat(101) }, { name: ' ' }, { image: 'javascript:alert(1)' }]) {
      expect((await ada.call('POST', '/api/auth/update-user', bad)).status).toBe(400);
    }
  });
});

describe('JWTs', () => {
  const jwtOf = async (token: string) =>
    (await request(server.url, 'GET', '/api/auth/token', undefined, { authorization: `Bearer ${token}` })).body
      .token as string;
  const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));

  test('carry the session, and end with it', async () => {
    const ada = await signUp(server.url);
    const jwt = await jwtOf(ada.token);
    const identity = await server.identities.fromToken(jwt);
    expect(claimsOf(jwt)).toMatchObject({ sub: ada.userId, sid: identity?.sessionId, kind: 'person' });
    expect(claimsOf(jwt)).not.toHaveProperty('email');
    expect((await listsAs({ authorization: `Bearer ${jwt}` })).status).toBe(200);
    expect(identity?.expiresAt).toBe(claimsOf(jwt).exp * 1000);
    await ada.call('POST', '/api/auth/sign-out', {});
    expect((await listsAs({ authorization: `Bearer ${jwt}` })).status).toBe(401);
  });

  test('that were tampered with are nobody', async () => {
    const [ada, bea] = [await signUp(server.url), await signUp(server.url, 'Bea')];
    const jwt = await jwtOf(ada.token);
    const [head = '', , signature = ''] = jwt.split('.');
    const forged = { ...claimsOf(jwt), sub: bea.userId };
    const payload = Buffer.from(JSON.stringify(forged)).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    for (const bad of [`${head}.${payload}.${signature}`, `${none}.${payload}.`, `${jwt}x`, 'a.b.c', '..']) {
      expect(await server.identities.fromToken(bad)).toBeUndefined();
    }
  });

  test('that have expired are nobody', async () => {
    const ada = await signUp(server.url);
    const { sid } = claimsOf(await jwtOf(ada.token));
    const sign = (exp: number) =>
      server.auth.api
        .signJWT({ body: { payload: { sub: ada.userId, sid, exp } } })
        .then(({ token }) => token as string);
    const now = Math.floor(Date.now() / 1000);
    expect(await server.identities.fromToken(await sign(now + 60))).toMatchObject({ userId: ada.userId });
    expect(await server.identities.fromToken(await sign(now - 60))).toBeUndefined();
  });

  test('of a session of someone else are nobody', async () => {
    const [ada, bea] = [await signUp(server.url), await signUp(server.url, 'Bea')];
    const { sid } = claimsOf(await jwtOf(bea.token));
    const { token } = await server.auth.api.signJWT({ body: { payload: { sub: ada.userId, sid } } });
    expect(await server.identities.fromToken(token as string)).toBeUndefined();
  });
});

describe('tokens that are none', () => {
  test.each(['', 'x', 'mst_unknown', `${randomUUID()}.abc`, 'Bearer', 'x'.repeat(5000)])('%.20s', async (token) => {
    expect((await listsAs({ authorization: `Bearer ${token}` })).status).toBe(401);
  });
  test('a wrong bearer does not fall back to a good cookie', async () => {
    const ada = await signUp(server.url);
    expect((await listsAs({ authorization: 'Bearer wrong', cookie: ada.cookie })).status).toBe(401);
  });
  test('a cookie whose signature was changed', async () => {
    const ada = await signUp(server.url);
    expect((await listsAs({ cookie: ada.cookie.replace(/.{6}$/, 'AAAAAA') })).status).toBe(401);
  });
});

describe('other origins', () => {
  const signUpFrom = (headers: Record<string, string>) =>
    request(
      server.url,
      'POST',
      '/api/auth/sign-up/email',
      { name: 'A', email: `${randomUUID()}@example.test`, password: 'correct horse' },
      headers,
    );

  test('a listed one may sign in with credentials; another may not, with or without a cookie', async () => {
    const ada = await signUp(server.url);
    const fine = await signUpFrom({ origin: 'https://app.example' });
    expect(fine.status).toBe(200);
    expect(fine.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(fine.headers.get('access-control-expose-headers')).toContain('set-auth-token');
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'null', 'http://app.example']) {
      expect((await signUpFrom({ origin })).status).toBe(403);
      const changed = await request(
        server.url,
        'POST',
        '/api/v1/lists',
        { title: 'x' },
        { origin, cookie: ada.cookie },
      );
      expect(changed.body).toMatchObject({ code: 'forbidden' });
      expect(changed.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('the page of the server itself may, by whichever name it was reached', async () => {
    expect((await signUpFrom({ origin: server.url })).status).toBe(200);
    const { port } = new URL(server.url);
    expect((await signUpFrom({ origin: `http://127.0.0.1:${Number(port) + 1}` })).status).toBe(403);
  });
});
