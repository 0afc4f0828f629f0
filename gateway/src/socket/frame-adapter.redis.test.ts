import type { ServerOptions } from 'socket.io';
import { afterEach, describe, expect, test } from 'vitest';
import type { FanOut } from './frame-adapter.ts';
import { bufferedBytes } from './slow-readers.ts';
import { startServers, type Pair, type Servers } from './test/start-servers.ts';

const FULL_BYTES = 1_048_576;
const open: Servers[] = [];
afterEach(async () => {
  for (const servers of open.splice(0)) await servers.close();
});
async function start(...args: Parameters<typeof startServers>): Promise<Servers> {
  const servers = await startServers(...args);
  open.push(servers);
  return servers;
}

/** The same broadcasts to the same clients. @returns what each of them heard, and what was heard on the servers */
async function play(fanOut: FanOut, options: Partial<ServerOptions> & { isSecure?: boolean } = {}) {
  const all = await start(fanOut, options);
  const [one, two] = all.servers as [Servers['servers'][0], Servers['servers'][0]];
  const ada = await all.join('ada', 0);
  const ben = await all.join('ben', 0);
  const polling = await all.join('polling', 0, { transports: ['polling'] });
  const cleo = await all.join('cleo', 1);
  const dan = await all.join('dan', 1);
  const pairs = [ada, ben, polling, cleo, dan];
  for (const { server } of [ada, cleo, polling]) await server.join('red');
  for (const { server } of [ada, ben, dan]) await server.join('blue');
  const onServer: unknown[] = [];
  const step = async (from: typeof one, emit: () => void) => {
    emit();
    await all.settle(from);
  };

  await step(one, () => one.emit('everyone', { n: 1 }, 'ü€😀', null));
  await step(one, () => one.to('red').emit('a room', 1));
  await step(one, () => one.to('red').to('blue').emit('two rooms', 'once for who is in both'));
  await step(one, () => one.to('nobody').emit('an empty room'));
  await step(one, () => one.except('blue').emit('but one room'));
  await step(one, () => one.to(['red', 'blue']).except([ada.server.id, 'none']).emit('rooms but one socket'));
  await step(one, () => ada.server.broadcast.emit('all but the sender'));
  await step(one, () => ada.server.to('blue').emit('a room but the sender'));
  await step(one, () => one.local.emit('here'));
  await step(one, () => one.local.to('blue').except('red').emit('here, in a room'));
  await step(one, () => one.compress(false).emit('not compressed', 'x'.repeat(2_000)));
  await step(one, () => one.compress(true).to('red').emit('compressed', 'y'.repeat(2_000)));
  await step(one, () => one.emit('of 125 bytes', 'z'.repeat(125 - '42["of 125 bytes",""]'.length - 1)));
  await step(one, () => one.emit('long', 'z'.repeat(70_000)));
  await step(one, () => one.to('blue').emit('binary', Buffer.from([1, 2, 3]), { deep: Buffer.from([4]) }));
  // From the other server all of it comes by Redis.
  await step(two, () => two.emit('everyone, from afar', { n: 2 }));
  await step(two, () => two.to('blue').emit('a room, from afar'));
  await step(two, () => two.to(['red', 'blue']).except(ada.server.id).emit('rooms but one, from afar'));
  await step(two, () => two.emit('binary, from afar', Buffer.from([5])));

  const answers = (await one.to('red').timeout(5_000).emitWithAck('asked')) as string[];
  onServer.push(answers.toSorted(), (await two.timeout(5_000).emitWithAck('asked by the other')).toSorted());

  ben.server.onAnyOutgoing((...args: unknown[]) => onServer.push(['outgoing', ...args]));
  await step(one, () => one.to('blue').emit('seen as it goes'));
  ben.server.offAnyOutgoing();
  let created = 0;
  ada.server.conn.on('packetCreate', () => (created += 1));
  await step(one, () => one.emit('seen by engine.io'));
  ada.server.conn.removeAllListeners('packetCreate');
  onServer.push(created);

  // Broadcasts and packets to one socket, mixed, in one turn and over several.
  for (let n = 0; n < 60; n++) {
    one.emit('count', n);
    if (n % 3 === 0) ada.server.emit('count', `own ${n}`);
    if (n % 5 === 0) polling.server.emit('count', `own ${n}`);
    if (n % 7 === 0) ben.server.emit('count', Buffer.from([n]));
    if (n % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await all.settle(one);

  one.in('blue').socketsLeave('red');
  one.in(cleo.server.id).socketsJoin('green');
  // Each server is asked on a channel of its own, which broadcasts overtake.
  await expect.poll(() => [ada.server.rooms.has('red'), cleo.server.rooms.has('green')]).toEqual([false, true]);
  await step(one, () => one.to('red').to('green').emit('after moves'));
  const gone = new Promise((resolve) => dan.client.once('disconnect', resolve));
  one.in(dan.server.id).disconnectSockets(true);
  onServer.push(await gone);
  await step(one, () => one.emit('after one has left'));
  const heard = Object.fromEntries(pairs.map(({ name, heard: all }) => [name, all]));
  return { heard, onServer, ordinary: Object.fromEntries(pairs.map((pair) => [pair.name, pair.ordinary()])) };
}

// Each is played through by five clients on two servers, twice.
describe('the same broadcasts through both', { timeout: 60_000 }, () => {
  test('reach the same clients with the same packets, in the same order', async () => {
    const [frames, stock] = [await play('frames'), await play('stock')];
    expect(frames.heard).toEqual(stock.heard);
    expect(frames.onServer).toEqual(stock.onServer);
    expect(stock.heard.ada!.length).toBeGreaterThan(90);
    // And not by the same road: all but what was for one socket, asked, binary, watched or behind such.
    expect(frames.ordinary.ada).toBeLessThan(stock.ordinary.ada! - 30);
    expect(frames.ordinary.cleo).toBeLessThan(stock.ordinary.cleo! - 60);
    expect(frames.ordinary.polling).toBe(stock.ordinary.polling);
  });

  test.each([
    ['with compression', { perMessageDeflate: { threshold: 1_024 } }],
    ['over TLS', { isSecure: true }],
  ])('%s all go the stock way', async (_, options) => {
    const [frames, stock] = [await play('frames', options), await play('stock', options)];
    expect(frames).toEqual(stock);
  });

  test('while a client goes over from polling to a websocket', async () => {
    const play = async (fanOut: FanOut) => {
      const all = await start(fanOut);
      const pair = await all.join('ada', 0, { transports: ['polling', 'websocket'] });
      const upgraded = new Promise((resolve) => pair.server.conn.once('upgrade', resolve));
      let isUpgraded = false;
      void upgraded.then(() => (isUpgraded = true));
      let n = 0;
      const emit = () => all.servers[0]!.emit('count', n++);
      // The new transport is writable by then, but what polling could not take any more is not flushed yet.
      pair.server.conn.once('upgrade', emit);
      for (let after = 0; after < 50; after += isUpgraded ? 1 : 0) {
        emit();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await all.settle();
      expect(pair.heard).toEqual(Array.from({ length: n }, (_, index) => ['count', index]));
      return pair.ordinary();
    };
    await play('stock');
    await play('frames');
  });
});

describe('a reader that does not read', () => {
  const transportOf = ({ server }: Pair) =>
    (server.conn as unknown as { transport: { writable: boolean; socket: { bufferedAmount: number } } }).transport;
  const isWritable = (pair: Pair) => transportOf(pair).writable;
  const PIECE = 'p'.repeat(65_536);

  async function stall(fanOut: FanOut) {
    const all = await start(fanOut);
    const [server] = all.servers as [Servers['servers'][0]];
    const slow = await all.join('slow', 0);
    const quick = await all.join('quick', 0);
    await all.settle();
    slow.pause();
    const piece = async (n: number, isMixed: boolean) => {
      server.emit('piece', n, PIECE);
      if (isMixed) slow.server.emit('own', n);
      if (n % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    let n = 0;
    while (bufferedBytes(slow.server) <= FULL_BYTES) await piece(n++, false);
    expect(isWritable(slow)).toBe(false);
    const full = bufferedBytes(slow.server);
    for (let more = 0; more < 10; more++) {
      server.volatile.emit('volatile', n);
      slow.server.volatile.emit('volatile', n);
      await piece(n++, more % 3 === 0);
    }
    const grown = bufferedBytes(slow.server) - full;
    // The rest waits in engine.io, where what is volatile is not let in.
    expect(transportOf(slow).socket.bufferedAmount).toBeLessThan(8 * PIECE.length);
    await new Promise<void>((resolve) => {
      quick.client.once('end', resolve);
      server.emit('end');
    });
    slow.resume();
    await all.settle();
    const numbers = (pair: Pair, ...events: string[]) =>
      pair.heard.filter(([event]) => events.includes(event as string)).map(([event, number]) => `${event} ${number}`);
    const before = slow.ordinary();
    await all.settle();
    return { n, slow, quick, numbers, grown, after: slow.ordinary() - before };
  }

  test.each(['frames', 'stock'] as const)(
    '%s: is seen to be slow, holds up nobody, and misses nothing',
    async (fanOut) => {
      const { n, slow, quick, numbers, grown, after } = await stall(fanOut);
      const pieces = Array.from({ length: n }, (_, index) => `piece ${index}`);
      expect(numbers(quick, 'piece')).toEqual(pieces);
      const own = [10, 7, 4, 1].map((before) => n - before);
      const mixed = pieces.flatMap((piece, index) => (own.includes(index) ? [piece, `own ${index}`] : [piece]));
      expect(numbers(slow, 'piece', 'own')).toEqual(mixed);
      expect(numbers(slow, 'volatile')).toEqual([]);
      expect(grown).toBeGreaterThanOrEqual(10 * PIECE.length);
      expect(isWritable(slow)).toBe(true);
      // Drained, it is written to as before.
      expect(after).toBe(fanOut === 'frames' ? 0 : 1);
    },
  );
});

test('a client that goes away in the middle harms nobody else', async () => {
  const all = await start('frames');
  const gone = await all.join('gone', 0);
  const stays = await all.join('stays', 0);
  const left = new Promise((resolve) => gone.server.once('disconnect', resolve));
  for (let n = 0; n < 100; n++) {
    all.servers[0]!.emit('count', n, 'x'.repeat(10_000));
    if (n === 30) (gone.client.io.engine.transport as unknown as { ws: { terminate(): void } }).ws.terminate();
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await left).toMatch(/^transport (close|error)$/);
  await all.settle();
  expect(stays.heard.map(([, n]) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n));
});
