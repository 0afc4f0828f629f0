import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTestRedis } from '@muster/testing/redis';
import { Redis } from 'ioredis';
import { Server, type ServerOptions, type Socket as ServerSocket } from 'socket.io';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { createFanOut, type FanOut } from '../frame-adapter.ts';

/** Certificates nobody has: key exchange without any. */
const ANONYMOUS = { ciphers: 'ADH-AES128-SHA256@SECLEVEL=0', dhparam: 'auto', maxVersion: 'TLSv1.2' } as const;

/** A bare client, and the socket that a server has of it. */
export interface Pair {
  name: string;
  client: Socket;
  server: ServerSocket;
  /** Everything heard, in order, but for the marks. */
  heard: unknown[][];
  /** What went to this socket by way of Socket.IO's own packets. */
  ordinary: () => number;
  /** The client reads no more from its connection, or goes on. */
  pause(): void;
  resume(): void;
}

export interface Servers {
  servers: Server[];
  join(name: string, at: number, options?: Partial<ManagerOptions>): Promise<Pair>;
  /** Everything that the server has sent so far was heard by everyone. */
  settle(from?: Server): Promise<void>;
  close(): Promise<void>;
}

/** Two Socket.IO servers that know of each other by Redis, and nothing of the product. */
export async function startServers(
  fanOut: FanOut,
  { isSecure = false, ...options }: Partial<ServerOptions> & { isSecure?: boolean } = {},
): Promise<Servers> {
  const { url, prefix } = createTestRedis();
  const connections: Redis[] = [];
  const pairs: Pair[] = [];
  const connect = async (): Promise<Redis> => {
    const redis = new Redis(url);
    connections.push(redis);
    await redis.ping();
    return redis;
  };
  const start = async () => {
    const http = isSecure ? createSecureServer(ANONYMOUS) : createServer();
    const server = new Server(http, {
      ...{ serveClient: false, ...options },
      adapter: createFanOut({ fanOut, publisher: await connect(), subscriber: await connect(), key: prefix }),
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return { server, url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${(http.address() as AddressInfo).port}` };
  };
  const started = [await start(), await start()];
  const servers = started.map(({ server }) => server);
  while ((await servers[0]!.of('/').adapter.serverCount()) < servers.length);
  let mark = 0;

  return {
    servers,
    join: async (name, at, more = {}) => {
      const { server, url: address } = started[at]!;
      const arrival = new Promise<ServerSocket>((resolve) => void server.once('connection', resolve));
      const client = io(address, {
        ...{ transports: ['websocket'], reconnection: false, forceNew: true, rejectUnauthorized: false },
        ...(isSecure ? { ciphers: ANONYMOUS.ciphers } : {}),
        ...more,
      });
      const pair = pairOf(name, client, arrival, await arrival);
      pairs.push(pair);
      if (!client.connected) await new Promise<void>((resolve) => void client.once('connect', resolve));
      return pair;
    },
    settle: async (from = servers[0]!) => {
      mark += 1;
      const heard = pairs
        .filter(({ client }) => client.connected)
        .map(({ client }) => new Promise<void>((resolve) => onMark(client, mark, resolve)));
      from.emit('mark', mark);
      await Promise.all(heard);
    },
    close: async () => {
      for (const { client } of pairs) client.disconnect();
      await Promise.all(servers.map((server) => server.close()));
      for (const redis of connections) redis.disconnect();
    },
  };
}

function onMark(client: Socket, mark: number, done: () => void): void {
  const listen = (number: number) => {
    if (number !== mark) return;
    client.off('mark', listen);
    done();
  };
  client.on('mark', listen);
}

function pairOf(name: string, client: Socket, _: unknown, server: ServerSocket): Pair {
  const heard: unknown[][] = [];
  client.onAny((event: string, ...args: unknown[]) => {
    if (event === 'mark') return;
    const last = args.at(-1);
    if (typeof last === 'function') last(`answer of ${name}`);
    heard.push([event, ...args.filter((arg) => typeof arg !== 'function')]);
  });
  let ordinary = 0;
  const inner = server.client as unknown as { writeToEngine(...args: unknown[]): void };
  const write = inner.writeToEngine.bind(inner);
  inner.writeToEngine = (...args) => {
    ordinary += 1;
    write(...args);
  };
  const wire = () => (client.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }).ws;
  return {
    ...{ name, client, server, heard },
    ordinary: () => ordinary,
    pause: () => wire().pause(),
    resume: () => wire().resume(),
  };
}
