import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeList, startGateways, type TestClient, type TestGateways } from '../test/start-gateways.ts';
import type { Visitor } from '../http/test/start-http.ts';

/** Bad input never ends a process, and never reaches anybody else. */
let product: TestGateways;
let ada: Visitor;
let client: TestClient;
const faults: unknown[] = [];
const onFault = (fault: unknown) => void faults.push(fault);
beforeAll(async () => {
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  product = await startGateways(1);
  ada = await product.person('Ada');
  client = await product.client(ada);
});
afterEach(() => {
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await product.close();
  process.off('uncaughtException', onFault);
  process.off('unhandledRejection', onFault);
});

const url = () => `${product.gateways[0]!.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
/** The gateway still serves, and nothing escaped. */
async function stillServes() {
  expect(await makeList(client)).toBeDefined();
  expect(faults).toEqual([]);
}

/** Sends frames as they are; behind a connect packet that is one, the rest waits until it is answered. */
function raw(frames: (string | Buffer)[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url());
    const [first, ...rest] = frames;
    const sendRest = () => {
      for (const frame of rest) socket.send(frame);
      // What is sent is read in order: the gateway has seen all of it once it closes in answer.
      socket.close();
    };
    socket.onerror = () => resolve();
    socket.onclose = () => resolve();
    socket.onopen = () => {
      if (first !== undefined) socket.send(first);
      if (first !== auth()) sendRest();
    };
    socket.onmessage = ({ data }) => {
      if (String(data).startsWith('40{"sid"')) sendRest();
    };
  });
}
const auth = () =>
  `40${JSON.stringify({ token: ada.token, clientId: '11111111-1111-4111-8111-111111111111', protocol: 1 })}`;

test.each<[string, () => (string | Buffer)[]]>([
  ['text that is no packet', () => ['hello', '9', '', '\u0000', '{}']],
  ['binary that is none', () => [Buffer.from([0xff, 0x00, 0x10]), Buffer.alloc(10_000, 7)]],
  ['packets of other kinds', () => ['41', '42', '43', '44', '45', '46', '0', '1', '2', '3', '5', '6']],
  ['events without a connection', () => ['42["mutate",{}]', '420["scope:open",{}]']],
  ['a connect packet that is none', () => ['40{"a":', '40[]', '40null', '40"x"', '40/nowhere,{}']],
  ['connecting twice', () => [auth(), auth(), auth()]],
  ['leaving and joining', () => [auth(), '41', auth(), '41', auth()]],
  ['events that are none', () => [auth(), '42["error",1]', '42["__proto__",{}]', '42[1,2]', '42["mutate"]', '42[""]']],
  ...['42{}', '42[]', '42[null]', '42[{}]', '42["connect"]', '420["newListener"]', '42["disconnecting"]'].map(
    (frame): [string, () => string[]] => [`the event ${frame}`, () => [auth(), frame]],
  ),
  [
    'attachments that do not come',
    () => [auth(), '451-["mutate",{"_placeholder":true,"num":0}]', '459999999-["x"]', '42["mutate",{}]'],
  ],
  [
    'attachments that are not asked for',
    () => [auth(), '451-0["mutate",{"_placeholder":true,"num":7}]', Buffer.from('x')],
  ],
  ['JSON that is deep', () => [auth(), `420["mutate",${'['.repeat(200_000)}${']'.repeat(200_000)}]`]],
  ['answers that nobody asked for', () => [auth(), '430[]', '43999["x"]']],
  ['a frame beyond the limit', () => [auth(), `420["mutate",{"x":"${'x'.repeat(2_100_000)}"}]`]],
])('%s', async (_what, frames) => {
  await raw(frames());
  await stillServes();
});

test('raw bytes instead of HTTP', async () => {
  const { connect } = await import('node:net');
  const { port } = product.gateways[0]!;
  for (const bytes of [
    '\u0000\u0001\u0002',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    'GET /socket.io/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      socket.resume();
    });
  }
  await stillServes();
});

test.each(['mutat', '__proto__', 'constructor', 'toString', 'error', 'hello', 'scope:changes', 'run:chunk'])(
  'the unknown event %s is answered invalid',
  async (event) => {
    expect(await client.socket.timeout(5_000).emitWithAck(event, { scope: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'invalid' },
    });
  },
);

const NONSENSE = [
  undefined,
  null,
  0,
  '',
  'x',
  [],
  {},
  { scopes: 7 },
  { __proto__: { scopes: [] } },
  Buffer.from('x'),
  [[[]]],
];
test.each([
  'scope:open',
  'scope:pull',
  'scope:page',
  'scope:close',
  'mutate',
  'presence:set',
  'run:watch',
  'run:unwatch',
  'run:stop',
  'run:decide',
])('a frame of %s that cannot be read is answered invalid, with its faults', async (event) => {
  for (const data of NONSENSE) {
    const answer = await client.socket.timeout(5_000).emitWithAck(event, data);
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid', retryable: false } });
    expect(answer.error.details.faults.length).toBeGreaterThan(0);
  }
});

test('an event without acknowledgement is taken all the same, and harms nobody', async () => {
  client.socket.emit('scope:open', { scopes: 'x' });
  client.socket.emit('nonsense');
  client.socket.emit('mutate');
  await stillServes();
});

test('201 scopes in one open, and a scope of no kind, are invalid', async () => {
  const scopes = Array.from({ length: 201 }, () => ({ scope: 'list:11111111-1111-4111-8111-111111111111' }));
  expect(await client.ask('scope:open', { scopes })).toMatchObject({ ok: false, error: { code: 'invalid' } });
  expect(
    await client.ask('scope:open', { scopes: [{ scope: 'team:11111111-1111-4111-8111-111111111111' }] }),
  ).toMatchObject({
    ok: false,
    error: { code: 'invalid' },
  });
});
