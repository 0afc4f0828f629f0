import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What whoever listens in front of all gateways sends along with an unread socket. */
export interface HandedConnection {
  type: 'connection';
  id: number;
}

/** The receipt: from here on the socket is this process's alone. */
export interface TakenConnection {
  type: 'taken';
  id: number;
}

export const isHandedConnection = (message: unknown): message is HandedConnection => hasType(message, 'connection');
export const isTakenConnection = (message: unknown): message is TakenConnection => hasType(message, 'taken');

/**
 * Serves the connections that the parent process hands to this one over its channel.
 *
 * The receipt is written before the first byte is read: a connection without one was never read, and may be handed to
 * another process when this one dies.
 */
export function takeHandedConnections(server: Server, { process }: { process: NodeJS.Process }): void {
  process.on('message', (message: unknown, socket: unknown) => {
    if (!isHandedConnection(message)) return;
    process.send?.({ type: 'taken', id: message.id } satisfies TakenConnection);
    // Whoever hung up on the way here is not passed on.
    if (socket === undefined) return;
    server.emit('connection', socket as Socket);
    (socket as Socket).resume();
  });
}

function hasType(message: unknown, type: string): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
