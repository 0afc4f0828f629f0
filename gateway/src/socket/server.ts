import type { Server as HttpServer } from 'node:http';
import { MusterError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { GatewayMessage } from '../bus/socket-host.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { addressOf } from './address.ts';
import { toWireError } from './define-handler.ts';
import { drainSockets, type Drain } from './drain.ts';
import { createFanOut, type FanOut } from './frame-adapter.ts';
import { findHandler } from './handlers.ts';
import { readHandshake, type HandshakeDeps } from './handshake.ts';
import type { GatewayServer, GatewaySocket, Session, SocketServices } from './session.ts';
import { bufferedBytes, watchSlowReaders } from './slow-readers.ts';

/** Longer than any handshake takes; a session that has ended never comes back. */
const ENDED_FOR_MS = 30_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SocketServerDeps extends SocketServices, Omit<HandshakeDeps, 'origins'> {
  context: Pick<GatewayContext, 'gatewayId' | 'redis' | 'names'>;
  fanOut: FanOut;
}

export interface SocketServer {
  attach(server: HttpServer): void;
  /** Takes no new sockets, tells all clients to go elsewhere, and closes those that stay a few per cent at a time. */
  drain(time: Pick<Drain, 'withinMs' | 'hurried'>): Promise<void>;
  close(): Promise<void>;
}

export function createSocketServer(deps: SocketServerDeps): SocketServer {
  const { bus, logger, context, settings } = deps;
  const { gatewayId, redis, names } = context;
  const sessions = new Map<GatewaySocket, Session>();
  /** A handshake that was under way when its session ended comes to its end after the sockets were closed. */
  const ended = new Map<string, NodeJS.Timeout>();
  let isDraining = false;

  const io: GatewayServer = new Server({
    path: '/socket.io',
    transports: ['websocket'],
    allowUpgrades: false,
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.frameBytes,
    // In a storm the last ones' sessions are read after many seconds: cutting them off would only begin it again.
    connectTimeout: 30_000,
    pingInterval: 10_000,
    pingTimeout: 10_000,
    // Never connectionStateRecovery: it put removed members back into the room, and replayed to them.
    adapter: createFanOut({
      fanOut: deps.fanOut,
      publisher: quiet(redis.another('publisher', 'adapter')),
      subscriber: redis.another('subscriber', 'adapter'),
      key: names.adapterKey,
    }),
  });

  const greet = (socket: GatewaySocket) => {
    const { userId, was } = socket.data.identity;
    socket.emit('hello', { userId, was, gateway: gatewayId, protocol: PROTOCOL_VERSION, logEpoch: bus.logEpoch });
  };

  bus.attach({
    emit: (room, event, data) => void io.local.to(room).emit(event, ...([data] as never)),
    tell: (message) => io.serverSideEmit('gateway', message),
    closeSession: (sessionId) => {
      clearTimeout(ended.get(sessionId));
      ended.set(sessionId, setTimeout(() => ended.delete(sessionId), ENDED_FOR_MS).unref());
      for (const [socket, { identity }] of sessions) if (identity.sessionId === sessionId) socket.disconnect(true);
    },
    sessions: () => [...sessions.values()].map(({ identity }) => identity.sessionId),
    greetAll: () => {
      for (const socket of sessions.keys()) greet(socket);
    },
  });
  io.on('gateway', (message: GatewayMessage) => bus.receive(message));

  io.use((socket, next) => {
    void (async () => {
      try {
        if (isDraining) throw new MusterError('unavailable', 'This server is about to stop. Try again.');
        const { headers } = socket.request;
        await deps.limits.take('handshake', addressOf(socket.request, settings.trustedProxies));
        socket.data = await readHandshake({ ...deps, origins: settings.origins }, headers, socket.handshake.auth);
        next();
      } catch (fault) {
        const data = toWireError(fault, logger, { event: 'connect' });
        next(Object.assign(new Error(data.message), { data }));
      }
    })();
  });

  io.on('connection', (socket) => {
    forgetRequest(socket);
    if (ended.has(socket.data.identity.sessionId)) return void socket.disconnect(true);
    greet(socket);
    const session = enter(socket, bus);
    sessions.set(socket, session);
    const expiry = closeAtExpiry(socket);
    socket.on('disconnect', () => {
      clearTimeout(expiry);
      sessions.delete(socket);
      bus.remove(session.member);
    });
    socket.onAny((event: unknown, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === 'function' ? once(last as (answer: unknown) => void) : () => undefined;
      const handler = findHandler(event);
      if (handler !== undefined) return void handler.run(session, deps, args[0], ack);
      ack({ ok: false, error: new MusterError('invalid', 'There is no such event.').toWire() });
    });
  });

  const slowReaders = watchSlowReaders({ sessions, bus, logger });

  return {
    attach: (server) => void io.attach(server),
    drain: (time) => {
      isDraining = true;
      return drainSockets({
        ...time,
        count: () => sessions.size,
        tell: (retryAfterMs) => void io.local.emit('server:drain', { retryAfterMs }),
        closeSome: (count) => {
          for (const socket of [...sessions.keys()].slice(0, count)) socket.disconnect(true);
        },
      });
    },
    close: async () => {
      slowReaders.stop();
      await io.close();
    },
  };
}

function enter(socket: GatewaySocket, bus: SocketServices['bus']): Session {
  const { identity, clientId } = socket.data;
  const member = bus.add({
    id: socket.id,
    userId: identity.userId,
    sessionId: identity.sessionId,
    isConnected: () => socket.connected,
    send: (event, data) => void socket.emit(event, ...([data] as never)),
    join: (room) => void socket.join(room),
    leave: (room) => void socket.leave(room),
  });
  return {
    ...{ socketId: socket.id, identity, clientId, member, line: Promise.resolve(), reads: 0 },
    bufferedBytes: () => bufferedBytes(socket),
  };
}

function closeAtExpiry(socket: GatewaySocket): NodeJS.Timeout | undefined {
  const left = socket.data.identity.expiresAt - Date.now();
  // Longer than a timer can wait: positioning looks at the session every few seconds anyway.
  if (left > LONGEST_TIMER_MS) return undefined;
  return setTimeout(() => socket.disconnect(true), Math.max(0, left));
}

/**
 * A kept request costs 2.6 KiB a connection, and holds the cookie and the token. An empty one stands in, since a client
 * may leave the namespace and join it again on the same connection: that handshake looks for headers.
 */
const FORGOTTEN = Object.freeze({
  headers: Object.freeze({}),
  connection: Object.freeze({}),
  socket: Object.freeze({}),
  url: '',
  _query: Object.freeze({}),
});
function forgetRequest(socket: GatewaySocket): void {
  const { handshake } = socket;
  handshake.headers = {};
  handshake.query = {};
  handshake.auth = {};
  (socket.conn as { request: unknown }).request = FORGOTTEN;
}

function once(ack: (answer: unknown) => void): (answer: unknown) => void {
  let isDone = false;
  return (answer) => {
    if (isDone) return;
    isDone = true;
    ack(answer);
  };
}

/** The adapter publishes without looking at what comes of it: while Redis is away, each would be an unhandled rejection. */
function quiet(publisher: Redis): Redis {
  const publish = publisher.publish.bind(publisher);
  publisher.publish = ((channel: string, message: string) =>
    publish(channel, message).catch(() => 0)) as typeof publisher.publish;
  return publisher;
}
