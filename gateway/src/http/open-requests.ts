import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** The requests that a server answers at this moment, so that none is cut off when it leaves. */
export interface OpenRequests {
  /** From here on each answer is the last one of its connection, and idle connections are closed. */
  leave(): void;
  /** Resolves once none is under way, or in any case when the signal says so. */
  whenNone(hurried: AbortSignal): Promise<void>;
}

export function watchRequests(server: Server): OpenRequests {
  const open = new Set<ServerResponse>();
  let isLeaving = false;
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    open.add(response);
    if (isLeaving) endConnection(response);
    response.once('close', () => open.delete(response));
  });
  return {
    leave: () => {
      isLeaving = true;
      for (const response of open) endConnection(response);
      server.closeIdleConnections();
    },
    whenNone: async (hurried) => {
      while (open.size > 0 && !hurried.aborted)
        await delay(LOOK_EVERY_MS, undefined, { signal: hurried }).catch(() => undefined);
    },
  };
}

function endConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
