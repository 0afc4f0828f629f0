import type { ChildProcess } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';

/**
 * One address in front of all gateways, which costs nothing: a connection is accepted unread and its socket handed to
 * a gateway, which then speaks with the browser directly and sees its real address.
 */
export interface FrontDoor {
  port: number;
  /** Takes nothing new. What was handed on lives on in the gateways. */
  close(): Promise<void>;
}

/** While all gateways are being started again, newcomers wait this long at most. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;

/**
 * @param hosts all are listened on, with one port; those after the first may be missing (a machine without IPv6)
 * @param gateways the living gateways now; each new connection goes to the next one
 */
export async function openFrontDoor({
  port,
  hosts,
  gateways,
}: {
  port: number;
  hosts: readonly string[];
  gateways: () => readonly ChildProcess[];
}): Promise<FrontDoor> {
  let turn = 0;
  const handOn = (socket: Socket, since: number): void => {
    if (socket.destroyed) return;
    const ready = gateways().filter((gateway) => gateway.connected);
    const gateway = ready[turn++ % Math.max(ready.length, 1)];
    if (gateway === undefined) {
      if (performance.now() - since > PATIENCE_MS) socket.destroy();
      else setTimeout(handOn, RETRY_MS, socket, since);
      return;
    }
    gateway.send('connection', socket, { keepOpen: false }, (error) => {
      if (error !== null) socket.destroy();
    });
  };

  const servers: Server[] = [];
  let bound = port;
  for (const [index, host] of hosts.entries()) {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      handOn(socket, performance.now());
    });
    try {
      bound = await listen(server, bound, host);
      servers.push(server);
    } catch (error) {
      if (index === 0) throw error;
    }
  }
  return {
    port: bound,
    close: async () => {
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 1_024 }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve((server.address() as { port: number }).port);
    });
  });
}
