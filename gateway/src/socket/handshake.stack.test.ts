import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateways, TestClient, type TestGateways } from '../test/start-gateways.ts';
import type { Visitor } from '../http/test/start-http.ts';

let product: TestGateways;
let ada: Visitor;
const clients: TestClient[] = [];
beforeAll(async () => {
  product = await startGateways(2, { env: { ALLOWED_ORIGINS: 'https://app.example/' } });
  ada = await product.person('Ada');
});
afterAll(async () => {
  for (const client of clients) client.socket.disconnect();
  await product.close();
});

const knock = (options: ConstructorParameters<typeof TestClient>[1]) => {
  const client = new TestClient(product.gateways[0]!, options);
  clients.push(client);
  return client;
};

describe('is refused with the code that says why', () => {
  test.each([
    ['unauthenticated', 'without anything', () => ({})],
    ['unauthenticated', 'with a token that nobody gave out', () => ({ token: 'x'.repeat(32) })],
    ['unauthenticated', 'with a tampered token', () => ({ token: `${ada.token.slice(0, -2)}xx` })],
    ['unauthenticated', 'with a token of 5 kB', () => ({ token: 'x'.repeat(4_000) })],
    [
      'unauthenticated',
      'with the cookie, from a page of another origin',
      () => ({ headers: { cookie: ada.cookie, origin: 'https://evil.example' } }),
    ],
    [
      'unauthenticated',
      'with a token, from a page of another origin',
      () => ({ token: ada.token, headers: { origin: 'https://evil.example' } }),
    ],
    [
      'unauthenticated',
      'with the cookie and no origin to read',
      () => ({ headers: { cookie: ada.cookie, origin: 'null' } }),
    ],
    ['upgrade_required', 'by a page that is too old', () => ({ token: ada.token, auth: { protocol: 0 } })],
    ['unavailable', 'by a page that is newer than this gateway', () => ({ token: ada.token, auth: { protocol: 2 } })],
    ['invalid', 'with a client id that is none', () => ({ token: ada.token, clientId: 'me' })],
    ['invalid', 'without a protocol', () => ({ token: ada.token, auth: { protocol: undefined } })],
  ])('%s: %s', async (code, _why, options) => {
    expect(await knock(options()).refusal()).toBe(code);
  });

  test('cloned: the client id belongs to somebody else', async () => {
    const client = await product.client(ada);
    await client.mutate('list.create', { id: randomUUID(), title: 'Mine' });
    const ben = await product.person('Ben');
    expect(await knock({ token: ben.token, clientId: client.clientId }).refusal()).toBe('cloned');
    expect(await product.client(ada, product.gateways[1], client.clientId)).toBeDefined();
  });
});

describe('is let in', () => {
  test.each([
    ['with the cookie, as a script', () => ({ cookie: ada.cookie })],
    ['with the cookie, from its own page', () => ({ cookie: ada.cookie, origin: product.gateways[0]!.url })],
    ['with the cookie, from an allowed origin', () => ({ cookie: ada.cookie, origin: 'https://app.example' })],
    ['with a bearer header', () => ({ authorization: `Bearer ${ada.token}` })],
  ])('%s', async (_how, headers) => {
    const client = knock({ headers: headers() });
    expect(await client.next('hello')).toMatchObject({ userId: ada.userId });
  });

  test('with a JWT, whose session it then rests on', async () => {
    const answer = await fetch(`${product.gateways[0]!.url}/api/auth/token`, {
      headers: { authorization: `Bearer ${ada.token}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const client = knock({ token });
    expect(await client.next('hello')).toMatchObject({ userId: ada.userId });
  });
});

describe('a session that ends closes its sockets', () => {
  test('within a second, on every gateway, and no others', async () => {
    const eve = await product.person('Eve');
    const sockets = await Promise.all([
      product.client(eve, product.gateways[0]),
      product.client(eve, product.gateways[1]),
    ]);
    const other = await product.client(ada, product.gateways[1]);
    const closed = Promise.all(sockets.map((socket) => socket.closed(1_000)));
    expect((await eve.call('POST', '/api/auth/sign-out', {})).status).toBe(200);
    await closed;
    expect(other.socket.connected).toBe(true);
    expect(await knock({ token: eve.token }).refusal()).toBe('unauthenticated');
  });

  test('also for a handshake that was under way when it ended', async () => {
    const made = await ada.call('POST', '/api/v1/tokens', { name: 'brief' });
    const opened = knock({ token: made.body.token });
    await opened.next('hello');
    // The token is still good in the database: what is under way has read it before it was revoked.
    product.gateways[1]!.bus.closeSession(made.body.id);
    await opened.closed(1_000);
    const late = knock({ token: made.body.token });
    await new Promise((resolve) => late.socket.once('disconnect', resolve));
    expect(late.heard).toEqual([]);
  });

  test('also when its time is up', async () => {
    const body = { name: 'short', expiresAt: Date.now() + 1_500 };
    const made = await ada.call('POST', '/api/v1/tokens', body);
    expect(made.status).toBe(201);
    const client = knock({ token: made.body.token });
    expect(await client.next('hello')).toMatchObject({ userId: ada.userId });
    await client.closed(2_000);
  });
});

test('a client may leave the namespace and join it again on one connection, with a token', async () => {
  const socket = new WebSocket(
    `${product.gateways[0]!.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
  );
  const connect = `40${JSON.stringify({ token: ada.token, clientId: randomUUID(), protocol: 1 })}`;
  let joined = 0;
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => socket.send(connect);
    socket.onclose = () => reject(new Error('closed'));
    socket.onmessage = ({ data }) => {
      if (String(data).startsWith('44')) reject(new Error(String(data)));
      if (!String(data).startsWith('40{"sid"')) return;
      joined += 1;
      if (joined === 3) return resolve();
      socket.send('41');
      // Leaving is not answered, and takes the gateway a turn.
      setTimeout(() => socket.send(connect), 50);
    };
  });
  socket.close();
});
