import type { ScopeId } from '@muster/protocol/id';
import type { ServerEventData, ServerEventName } from '@muster/protocol/server-events';

/** Names of Socket.IO rooms, built here and nowhere else. */
export const scopeRoom = (scope: ScopeId): string => `scope:${scope}`;
export const runRoom = (runId: string): string => `run:${runId}`;
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/**
 * This gateway's own sockets only. What is stored goes to rooms by this and never through the adapter: another gateway,
 * which had not yet evicted, would deliver it.
 */
export interface LocalRooms {
  emit<E extends ServerEventName>(room: string | string[], event: E, data: ServerEventData<E>): void;
}
