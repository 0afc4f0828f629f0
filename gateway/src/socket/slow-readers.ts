import { MusterError } from '@muster/protocol/error';
import type { Logger } from '@muster/runtime/logger';
import type { SocketBus } from '../bus/bus.ts';
import { headsOf } from '../bus/positioning.ts';
import type { GatewaySocket, Session } from './session.ts';

const LOOK_EVERY_MS = 200;
const FULL_BYTES = 1_048_576;
/** A page belongs to a snapshot that was begun: refused, all that was read of it would have to be read again. */
const FULL_FOR_PAGES_BYTES = 16_777_216;
const DRAINED_BYTES = 65_536;
/** Twice what the reads that may be under way at once (handlers/scope.ts) can answer to somebody who does read. */
const MOST_BYTES = 33_554_432;
const RETRY_AFTER_MS = 1_000;

/** What is private in engine.io and ws, and has no public name: how much waits for a socket. */
interface Connection {
  writeBuffer?: { data?: unknown }[];
  transport?: { writable?: boolean; socket?: { bufferedAmount?: number; terminate?(): void } };
}

export function bufferedBytes(socket: Pick<GatewaySocket, 'conn'>): number {
  const { writeBuffer = [], transport } = socket.conn as unknown as Connection;
  let bytes = transport?.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) {
    if (typeof data === 'string' || data instanceof Uint8Array) bytes += data.length;
  }
  return bytes;
}

/**
 * Nothing is emitted to a full socket; what it asks for would fill the same memory, as fast as it can ask.
 * @throws {MusterError} `rate_limited`
 */
export function refuseWhileFull(session: Session, { isPage = false } = {}): void {
  if (session.bufferedBytes() <= (isPage ? FULL_FOR_PAGES_BYTES : FULL_BYTES)) return;
  throw new MusterError('rate_limited', 'Read first what was sent.', { retryAfterMs: RETRY_AFTER_MS });
}

/** In order it would wait for the client to read what it does not read, and keep it all until then. */
function cut(socket: GatewaySocket): void {
  (socket.conn as unknown as Connection).transport?.socket?.terminate?.();
  socket.disconnect(true);
}

/**
 * A reader on a slow line must not fill this process's memory: past the limit nothing more is emitted to it. When it has
 * drained, it goes back through the gate, from where it was left.
 */
export function watchSlowReaders({
  sessions,
  bus,
  logger,
}: {
  sessions: Map<GatewaySocket, Session>;
  bus: SocketBus;
  logger: Logger;
}): { stop(): void } {
  const suspendedRuns = new WeakMap<Session, string[]>();

  const suspend = (session: Session) => {
    const { reader } = session.member;
    if (!reader.isFull) {
      bus.metrics.lagged.inc();
      logger.info({ userId: session.identity.userId }, 'a socket is full');
    }
    reader.suspend();
    suspendedRuns.set(session, [...(suspendedRuns.get(session) ?? []), ...session.member.runs.leaveAll()]);
  };

  const resume = async (session: Session) => {
    const { reader, runs } = session.member;
    reader.isFull = false;
    await bus.gate.resume(reader);
    reader.port.send('scope:heads', { heads: headsOf(reader.places()), logEpoch: bus.logEpoch });
    const runIds = suspendedRuns.get(session) ?? [];
    suspendedRuns.delete(session);
    for (const runId of runIds) await runs.resume(runId);
  };

  const timer = setInterval(() => {
    for (const [socket, session] of sessions) {
      const { isFull } = session.member.reader;
      const bytes = session.bufferedBytes();
      if (bytes > MOST_BYTES) {
        bus.metrics.cut.inc();
        logger.warn({ userId: session.identity.userId, bytes }, 'a socket that does not read was cut');
        cut(socket);
        continue;
      }
      // Also what a full socket asked for meanwhile.
      if (bytes > FULL_BYTES || (isFull && bytes >= DRAINED_BYTES)) suspend(session);
      else if (isFull) {
        resume(session).catch((err: unknown) => {
          // It is in no room: only a new connection brings it back.
          logger.warn({ err, userId: session.identity.userId }, 'a drained socket could not come back');
          socket.disconnect(true);
        });
      }
    }
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
