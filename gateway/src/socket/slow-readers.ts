import type { SocketBus } from '../bus/bus.ts';
import { headsOf } from '../bus/positioning.ts';
import type { Logger } from '@muster/runtime/logger';
import type { GatewaySocket, Session } from './session.ts';

const LOOK_EVERY_MS = 200;
const FULL_BYTES = 1_048_576;
const DRAINED_BYTES = 65_536;

/** What is private in engine.io and ws, and has no public name: how much waits for a socket. */
interface Connection {
  writeBuffer?: { data?: unknown }[];
  transport?: { writable?: boolean; socket?: { bufferedAmount?: number } };
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
      const bytes = bufferedBytes(socket);
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
