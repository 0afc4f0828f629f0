import type { ScopeId } from '@muster/protocol/id';
import type { Profile } from '@muster/protocol/principal';
import type { ServerEventData, ServerEventName } from '@muster/protocol/server-events';
import type { PresenceMessage } from './presence.ts';
import type { LocalRooms } from './rooms.ts';

/** What passes between gateways, by Socket.IO's adapter. What is stored never goes this way. */
export type GatewayMessage =
  | { kind: 'presence'; message: PresenceMessage }
  | { kind: 'session'; sessionId: string }
  | { kind: 'profile'; id: string; profile: Profile; scopes: ScopeId[] };

/** The socket server as the bus sees it. */
export interface SocketHost extends LocalRooms {
  /** To all other gateways; may be lost. Never throws. */
  tell(message: GatewayMessage): void;
  /** Closes this gateway's sockets of a session. */
  closeSession(sessionId: string): void;
  /** The sessions that this gateway's sockets rest on. */
  sessions(): Iterable<string>;
  /** `hello` again, to every socket here. */
  greetAll(): void;
}

/** Stands in for the socket server until it is there: the bus is made first, since HTTP needs it. */
export class LateHost implements SocketHost {
  #host: SocketHost | undefined;

  attach(host: SocketHost): void {
    this.#host = host;
  }

  emit<E extends ServerEventName>(room: string | string[], event: E, data: ServerEventData<E>): void {
    this.#host?.emit(room, event, data);
  }

  tell(message: GatewayMessage): void {
    this.#host?.tell(message);
  }

  closeSession(sessionId: string): void {
    this.#host?.closeSession(sessionId);
  }

  sessions(): Iterable<string> {
    return this.#host?.sessions() ?? [];
  }

  greetAll(): void {
    this.#host?.greetAll();
  }
}
