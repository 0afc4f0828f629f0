import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTcpLink, type TcpLink } from './tcp-link.ts';

/** An echo behind a link. */
let echo: Server;
let link: TcpLink;
let targets: number[];
const sockets: Socket[] = [];
beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  targets = [(echo.address() as AddressInfo).port];
  link = await createTcpLink(() => targets);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await link.close();
  echo.close();
});

async function enter() {
  const socket = connect(link.port, '127.0.0.1');
  sockets.push(socket);
  const heard = { text: '', end: '' };
  socket.on('data', (bytes) => (heard.text += bytes.toString()));
  socket.on('error', (error) => (heard.end = (error as NodeJS.ErrnoException).code ?? ''));
  socket.on('close', () => (heard.end ||= 'closed'));
  await once(socket, 'connect').catch(() => undefined);
  return { socket, heard };
}

it('carries both ways, and the end', async () => {
  const { socket, heard } = await enter();
  socket.write('hello');
  await vi.waitFor(() => expect(heard.text).toBe('hello'));
  socket.end();
  await vi.waitFor(() => expect(heard.end).toBe('closed'));
  await vi.waitFor(() => expect(link.count).toBe(0));
});

it('holds up what is said, and brings all of it once it is healed', async () => {
  const { socket, heard } = await enter();
  socket.write('a');
  await vi.waitFor(() => expect(heard.text).toBe('a'));
  link.stall();
  socket.write('b');
  const late = await enter();
  late.socket.write('c');
  const other = await createTcpLink(() => targets);
  // Another link's answer comes, so these had the time.
  const beside = connect(other.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(beside);
  beside.write('x');
  await once(beside, 'data');
  expect([heard.text, late.heard.text]).toEqual(['a', '']);
  link.heal();
  await vi.waitFor(() => expect([heard.text, late.heard.text]).toEqual(['ab', 'c']));
  await other.close();
});

it('cuts those that are chosen, with a reset', async () => {
  const [one, two] = [await enter(), await enter()];
  for (const { socket } of [one, two]) socket.write('x');
  await vi.waitFor(() => expect([one.heard.text, two.heard.text]).toEqual(['x', 'x']));
  let n = 0;
  expect(link.reset(() => n++ === 0)).toBe(1);
  await vi.waitFor(() => expect(one.heard.end).toBe('ECONNRESET'));
  two.socket.write('y');
  await vi.waitFor(() => expect(two.heard.text).toBe('xy'));
});

it('swallows without a word, and cuts when it is healed', async () => {
  const { socket, heard } = await enter();
  socket.write('a');
  await vi.waitFor(() => expect(heard.text).toBe('a'));
  expect(link.swallow(() => true)).toBe(1);
  socket.write('b');
  const beside = await enter();
  beside.socket.write('c');
  await vi.waitFor(() => expect(beside.heard.text).toBe('c'));
  expect(heard).toEqual({ text: 'a', end: '' });
  link.heal();
  await vi.waitFor(() => expect(heard.end).not.toBe(''));
  expect(heard.text).toBe('a');
});

it('turns newcomers away while it is told to, and goes to the next target where one is dead', async () => {
  link.refuse();
  const refused = await enter();
  await vi.waitFor(() => expect(refused.heard.end).not.toBe(''));
  link.heal();
  targets = [1, ...targets];
  const { socket, heard } = await enter();
  socket.write('hello');
  await vi.waitFor(() => expect(heard.text).toBe('hello'));
  targets = [1];
  const lost = await enter();
  await vi.waitFor(() => expect(lost.heard.end).not.toBe(''));
});
