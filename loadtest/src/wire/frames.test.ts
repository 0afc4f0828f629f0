import { Server } from 'socket.io';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import { expect, test } from 'vitest';
import { PROTOCOL } from './protocol.ts';
import { connectFrame, eventFrame, PONG, readFrame, type Frame } from './frames.ts';

test('speaks the version of the wire that the gateways speak', () => {
  expect(PROTOCOL).toBe(PROTOCOL_VERSION);
});

test('what a real Socket.IO server says is read, and what is said to it is understood', async () => {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], pingInterval: 30, pingTimeout: 5_000 });
  const auths: unknown[] = [];
  io.use((socket, next) => {
    auths.push(socket.handshake.auth);
    next();
  });
  let pongs = 0;
  io.engine.on('connection', (socket: { on(event: string, listener: (packet: { type: string }) => void): void }) =>
    socket.on('packet', ({ type }) => (pongs += type === 'pong' ? 1 : 0)),
  );
  io.on('connection', (socket) => {
    socket.on('add', (data: { a: number; b: number }, ack: (answer: unknown) => void) => {
      socket.emit('news', { text: 'one "two" 12[3]' });
      ack({ ok: true, data: data.a + data.b });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  const heard: Frame[] = [];
  const until = (is: Frame['is']) =>
    new Promise<void>((resolve) => {
      const look = () => void (heard.some((frame) => frame.is === is) && resolve());
      socket.addEventListener('message', look);
      look();
    });
  socket.addEventListener('message', ({ data }) => {
    const frame = readFrame(String(data));
    heard.push(frame);
    if (frame.is === 'ping') socket.send(PONG);
  });
  try {
    await until('open');
    socket.send(connectFrame({ token: 'a"b' }));
    await until('connected');
    socket.send(eventFrame('add', { a: 1, b: 2 }, 17));
    await until('ack');
    await expect.poll(() => pongs).toBeGreaterThan(1);
    expect(auths).toEqual([{ token: 'a"b' }]);
    expect(heard.filter(({ is }) => is !== 'ping')).toEqual([
      { is: 'open', pingIntervalMs: 30, pingTimeoutMs: 5_000 },
      { is: 'connected' },
      { is: 'event', event: 'news', data: { text: 'one "two" 12[3]' } },
      { is: 'ack', id: 17, data: { ok: true, data: 3 } },
    ]);
    io.disconnectSockets();
    await until('closed');
  } finally {
    socket.close();
    await io.close();
  }
});

test('a refusal carries its code', () => {
  expect(readFrame('44{"message":"Sign in first.","data":{"code":"unauthenticated"}}')).toEqual({
    is: 'refused',
    code: 'unauthenticated',
    message: 'Sign in first.',
  });
  expect(readFrame('44{"message":"no"}')).toEqual({ is: 'refused', code: 'unknown', message: 'no' });
});

test.each(['', '9', '4', '49', '42{', '<html>'])('%j is no frame', (text) => {
  expect(() => readFrame(text)).toThrow();
});
