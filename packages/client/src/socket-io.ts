import { errorCode, type WireError } from '@muster/protocol/error';
import * as z from 'zod/mini';
import { io } from 'socket.io-client';
import { HEARD_WITHIN_MS } from '@muster/protocol/server-events';
import type { Transport } from './types.ts';

/**
 * Socket.IO over a websocket alone: polling breaks over several gateways. It does not reconnect by itself, since what
 * waits is sent again by its owner, never from Socket.IO's buffer.
 */
export const socketIoTransport: Transport = {
  connect(url, auth, events) {
    const socket = io(url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      withCredentials: true,
      timeout: HEARD_WITHIN_MS,
      auth: { ...auth },
    });
    socket.on('connect', () => events.opened());
    socket.onAny((event: string, data: unknown) => events.received(event, data));
    socket.on('disconnect', (reason) => events.closed(reason));
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      socket.close();
      const refusal = toRefusal(error.data, error.message);
      if (refusal) events.refused(refusal);
      else events.closed(error.message);
    });
    return {
      send: (event, data, answer) => void socket.emit(event, data, answer),
      close: () => void socket.close(),
    };
  },
};

function toRefusal(data: unknown, message: string): WireError | undefined {
  const given = data as Partial<WireError> | undefined;
  if (!z.safeParse(errorCode, given?.code).success) return undefined;
  return { retryable: false, message, ...given } as WireError;
}
