import { silentLogger } from '@muster/runtime/logger';
import { noTracing } from '@muster/runtime/tracing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SocketBus } from '../bus/bus.ts';
import { MemoryWorld } from '../bus/test/memory-world.ts';
import { noLimits } from '../http/limits.ts';
import { findHandler } from './handlers.ts';
import type { GatewaySocket, Session, SocketServices } from './session.ts';
import { bufferedBytes, watchSlowReaders } from './slow-readers.ts';
import { startServers, type Pair, type Servers } from './test/start-servers.ts';

const LIST = 'list:11111111-1111-4111-8111-111111111111';
const PIECE = 'p'.repeat(262_144);
const MIB = 1_048_576;

let world: MemoryWorld;
let servers: Servers;
let slow: Pair;
let session: Session;
beforeEach(async () => {
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner' });
  await world.bus.start();
  servers = await startServers('frames');
  slow = await servers.join('slow', 0);
  const { member } = world.connect('ada');
  const socket = slow.server as unknown as GatewaySocket;
  session = {
    ...{ socketId: 'one', identity: { userId: 'ada' } as Session['identity'], clientId: 'client', member },
    ...{ line: Promise.resolve(), reads: 0, bufferedBytes: () => bufferedBytes(socket) },
  };
});
afterEach(async () => {
  world.bus.stop();
  await servers.close();
});

const ask = async (event: string, data: object): Promise<unknown> => {
  const services = {
    ...{ bus: world.bus as SocketBus, limits: noLimits, logger: silentLogger(), tracing: noTracing },
    settings: { slowRequestMs: 1_000 },
  } as unknown as SocketServices;
  let answer: unknown;
  await findHandler(event)!.run(session, services, data, (given) => (answer = given));
  return answer;
};
/** The client reads no more, until so much waits for it. */
const fill = async (bytes: number) => {
  slow.pause();
  while (bufferedBytes(slow.server as unknown as GatewaySocket) <= bytes) {
    slow.server.emit('piece', PIECE);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test('a socket that does not read gets no answers with content, until it has read', async () => {
  const page = () => ask('scope:page', { scope: LIST, next: 'next' });
  const reads: [string, object][] = [
    ['scope:open', { scopes: [{ scope: LIST }] }],
    ['scope:pull', { scope: LIST }],
    ['run:watch', { runId: '33333333-3333-4333-8333-333333333333' }],
  ];
  await fill(MIB);
  const refused = { code: 'rate_limited', retryable: true, details: { retryAfterMs: expect.any(Number) } };
  for (const [event, data] of reads)
    expect([event, await ask(event, data)]).toMatchObject([event, { ok: false, error: refused }]);
  expect(world.feed.count('readScopes')).toBe(0);
  // Of a snapshot that was begun the rest is told, within bounds.
  expect(await page()).toMatchObject({ ok: true });
  await fill(16 * MIB);
  expect(await page()).toMatchObject({ ok: false, error: refused });
  expect(await ask('scope:close', { scope: LIST })).toMatchObject({ ok: true });
  slow.resume();
  await servers.settle();
  for (const [event, data] of reads.slice(0, 2))
    expect([event, await ask(event, data)]).toMatchObject([event, { ok: true }]);
});

test('a socket that makes memory grow all the same is cut, and counted', async () => {
  const socket = slow.server as unknown as GatewaySocket;
  const sessions = new Map([[socket, session]]);
  const watching = watchSlowReaders({ sessions, bus: world.bus, logger: silentLogger() });
  try {
    slow.server.once('disconnect', () => sessions.delete(socket));
    await fill(31 * MIB);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(slow.server.connected).toBe(true);
    await fill(32 * MIB);
    // Long before pings tell, and with nothing left that waits for the client to read it.
    await vi.waitFor(() => expect(slow.server.connected).toBe(false), { timeout: 2_000 });
    const { transport } = slow.server.conn as unknown as { transport: { socket: { readyState: number } } };
    await vi.waitFor(() => expect(transport.socket.readyState).toBe(3), { timeout: 2_000 });
    expect(await world.measured('sockets_cut_total')).toBe(1);
  } finally {
    watching.stop();
  }
});
