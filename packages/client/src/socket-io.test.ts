import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { socketIoTransport } from './socket-io.ts';
import type { TransportConnection } from './types.ts';

/** Our words for Socket.IO's protocol, against Socket.IO's own server. */
const AUTH = { clientId: '00000000-0000-4000-8000-000000000001', protocol: 1, token: 'a-token' };

let http: HttpServer;
let io: Server;
let url: string;
let connection: TransportConnection | undefined;

beforeEach(async () => {
  http = createServer();
  io = new Server(http, { transports: ['websocket'], pingInterval: 50, pingTimeout: 1_000, serveClient: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  connection?.close();
  connection = undefined;
  await io.close();
});

function connect(to = url) {
  const heard: unknown[][] = [];
  const told = (what: string) => vi.fn((...said: unknown[]) => void heard.push([what, ...said]));
  const events = {
    opened: told('opened'),
    received: told('received'),
    closed: told('closed'),
    refused: told('refused'),
  };
  connection = socketIoTransport.connect(to, AUTH, events);
  return { connection, events, heard };
}

const served = () => new Promise<Socket>((resolve) => io.once('connection', resolve));

test('introduces itself, sends with an answer, and hears events of any name', async () => {
  const serving = served();
  const { connection, events } = connect();
  const socket = await serving;
  expect(socket.handshake.auth).toEqual(AUTH);
  await vi.waitFor(() => expect(events.opened).toHaveBeenCalledOnce());
  socket.on('mutate', (data, answer) => answer({ ok: true, data: { got: data as unknown } }));
  const answer = vi.fn();
  connection.send('mutate', { title: 'Zwölf 😀 "boats"\n' }, answer);
  await vi.waitFor(() =>
    expect(answer.mock.calls).toEqual([[{ ok: true, data: { got: { title: 'Zwölf 😀 "boats"\n' } } }]]),
  );
  socket.emit('scope:heads', { heads: {} });
  socket.emit('empty');
  await vi.waitFor(() =>
    expect(events.received.mock.calls).toEqual([
      ['scope:heads', { heads: {} }],
      ['empty', undefined],
    ]),
  );
});

test('answers pings: a server that hears nothing would end it', async () => {
  const { events } = connect();
  const socket = await served();
  await vi.waitFor(() => expect(events.opened).toHaveBeenCalled());
  let pongs = 0;
  socket.conn.on('packet', ({ type }: { type: string }) => (pongs += Number(type === 'pong')));
  await vi.waitFor(() => expect(pongs).toBeGreaterThan(2));
  expect(events.closed).not.toHaveBeenCalled();
});

test('a refusal comes with the server’s error, once, and is the last that is heard', async () => {
  const data = { code: 'cloned', message: 'Somebody else’s.', retryable: false };
  io.use((_, next) => next(Object.assign(new Error('refused'), { data })));
  const { events, heard } = connect();
  await vi.waitFor(() => expect(events.refused).toHaveBeenCalledWith(data));
  await vi.waitFor(() => expect(io.engine.clientsCount).toBe(0));
  expect(heard).toHaveLength(1);
});

test('a refusal without a code of ours is a connection that ended', async () => {
  io.use((_, next) => next(new Error('no reason')));
  const { heard } = connect();
  await vi.waitFor(() => expect(heard).toEqual([['closed', 'no reason']]));
});

test('says once that the connection ended, whoever ended it', async () => {
  const { events, heard } = connect();
  const socket = await served();
  await vi.waitFor(() => expect(events.opened).toHaveBeenCalled());
  socket.disconnect(true);
  await vi.waitFor(() => expect(events.closed).toHaveBeenCalled());
  await vi.waitFor(() => expect(io.engine.clientsCount).toBe(0));
  expect(heard.map(([what]) => what)).toEqual(['opened', 'closed']);
});

test('nobody there is a connection that ended', async () => {
  const { heard } = connect('http://127.0.0.1:1');
  await vi.waitFor(() => expect(heard).toEqual([['closed', 'transport close']]));
});

test('closed by its owner, it says so to the server and nothing to the owner', async () => {
  const { connection, events, heard } = connect();
  const socket = await served();
  await vi.waitFor(() => expect(events.opened).toHaveBeenCalled());
  const reason = new Promise((resolve) => socket.once('disconnect', resolve));
  connection.send('never:answered', {}, events.received);
  connection.close();
  connection.send('after', {}, events.received);
  expect(await reason).toBe('client namespace disconnect');
  expect(heard).toEqual([['opened']]);
});

test.each(['', 'x', '4', '49', '42', '42{"no":"array"}', '42[1]', '42["torn', '43', '44', Buffer.from('42["a"]')])(
  'what no server of ours says ends it (%j)',
  async (frame) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    try {
      await once(server, 'listening');
      server.on('connection', (socket) => socket.send(frame));
      const { heard } = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      await vi.waitFor(() => expect(heard).toEqual([['closed', 'parse error']]));
    } finally {
      server.close();
    }
  },
);
