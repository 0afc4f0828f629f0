import { randomUUID } from 'node:crypto';
import {
  CLIENT_EVENTS,
  type Ack,
  type ClientEventAnswer,
  type ClientEventData,
  type ClientEventName,
} from '@muster/protocol/client-events';
import { MusterError, parseOrThrow, type WireError } from '@muster/protocol/error';
import type { Logger } from '@muster/runtime/logger';
import type { Session, SocketServices } from './session.ts';

export interface Request<N extends ClientEventName> {
  session: Session;
  services: SocketServices;
  data: ClientEventData<N>;
  /**
   * Acknowledges. A call and no return value, since the gate answers and joins in one turn, which a promise would end.
   */
  answer(data: ClientEventAnswer<N>): void;
}

export interface Handler {
  event: ClientEventName;
  run(session: Session, services: SocketServices, data: unknown, ack: (answer: Ack<unknown>) => void): Promise<void>;
}

/**
 * One event: its frame is limited and parsed here, once, and whatever is thrown becomes the answer, here too.
 * @param handle answers, or throws a MusterError; anything else that it throws is ours to mend, and logged with an id
 */
export function defineHandler<N extends ClientEventName>(
  event: N,
  handle: (request: Request<N>) => Promise<void> | void,
): Handler {
  const schema = CLIENT_EVENTS[event].data;
  return {
    event,
    run: async (session, services, frame, ack) => {
      const startedAt = performance.now();
      try {
        await services.limits.take('socket', session.socketId);
        const data = parseOrThrow(schema, frame) as ClientEventData<N>;
        const answer = (answered: ClientEventAnswer<N>) => ack({ ok: true, data: answered });
        await services.tracing.span(event, { ...traceOf(data), kind: 'server' }, () =>
          handle({ session, services, data, answer }),
        );
      } catch (fault) {
        ack({ ok: false, error: toWireError(fault, services.logger, { event, userId: session.identity.userId }) });
      } finally {
        const ms = Math.round(performance.now() - startedAt);
        const { userId } = session.identity;
        if (ms >= services.settings.slowRequestMs) services.logger.warn({ event, userId, ms }, 'slow request');
      }
    },
  };
}

/** Changes are traced, whoever sends them; the rest is asked too often to be. */
function traceOf(data: object): { parent?: string; isRoot?: boolean; attributes?: { 'muster.mid': number } } {
  if (!('mid' in data)) return {};
  const { mid, trace } = data as { mid: number; trace?: string };
  return { isRoot: true, attributes: { 'muster.mid': mid }, ...(trace === undefined ? {} : { parent: trace }) };
}

/** A client's mistake never wakes anyone; ours leaves a line with the id that the client is told. */
export function toWireError(fault: unknown, logger: Logger, about: Record<string, unknown>): WireError {
  if (fault instanceof MusterError) {
    const { code, cause } = fault;
    if (cause === undefined) logger.debug({ ...about, code }, 'refused');
    else logger.warn({ ...about, code, err: cause }, 'refused');
    return fault.toWire();
  }
  const errorId = randomUUID();
  logger.error({ ...about, errorId, err: fault }, 'a handler failed');
  return new MusterError('internal', 'Something went wrong on our side. Try again.', { errorId }).toWire();
}
