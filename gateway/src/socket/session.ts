import type { ClientToServerEvents } from '@muster/protocol/client-events';
import type { ServerToClientEvents } from '@muster/protocol/server-events';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { Commit } from '@muster/db/commit/types';
import type { Logger } from '@muster/runtime/logger';
import type { Identity } from '../auth/identity-types.ts';
import type { Member, SocketBus } from '../bus/bus.ts';
import type { GatewayMessage } from '../bus/socket-host.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { Limits } from '../http/limits.ts';

interface InterServerEvents extends DefaultEventsMap {
  gateway: (message: GatewayMessage) => void;
}
/** What the handshake found out. */
export interface SocketData {
  identity: Identity;
  clientId: string;
}
export type GatewayServer = Server<ClientToServerEvents, ServerToClientEvents, InterServerEvents, SocketData>;
export type GatewaySocket = Socket<ClientToServerEvents, ServerToClientEvents, InterServerEvents, SocketData>;

/** One connected socket, as its handlers see it. */
export interface Session {
  readonly socketId: string;
  readonly identity: Identity;
  readonly clientId: string;
  readonly member: Member;
  /** Mutations pass the limits in the order in which they came: a later mid must not overtake an earlier one. */
  line: Promise<void>;
  /** Its reads under way: one socket must not take the gates from all others. */
  reads: number;
  /** How much waits in this process's memory for it to read. */
  bufferedBytes(): number;
}

/** What handlers work with. */
export interface SocketServices extends Pick<GatewayContext, 'sendHints' | 'settings' | 'tracing'> {
  bus: SocketBus;
  commit: Commit;
  limits: Limits;
  logger: Logger;
}
