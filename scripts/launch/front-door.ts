import type { ChildProcess } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { isTakenConnection, type HandedConnection } from '@muster/runtime/handed-connections';

/**
 * One address in front of all gateways, which costs nothing: a connection is accepted unread and its socket handed to
 * a gateway, which then speaks with the browser directly and sees its real address.
 */
export interface FrontDoor {
  port: number;
  /** Takes nothing new. What was handed on lives on in the gateways. */
  close(): Promise<void>;
}

/** A connection that no gateway has taken yet. */
interface Newcomer {
  socket: Socket;
  since: number;
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
  let lastId = 0;
  /** Sent to a gateway and without its receipt. Our copy of the socket stays open until then. */
  const underWay = new Map<ChildProcess, Map<number, Newcomer>>();

  const knownTo = (gateway: ChildProcess): Map<number, Newcomer> => {
    const known = underWay.get(gateway);
    if (known !== undefined) return known;
    const sent = new Map<number, Newcomer>();
    underWay.set(gateway, sent);
    gateway.on('message', (message) => {
      if (!isTakenConnection(message)) return;
      sent.get(message.id)?.socket.destroy();
      sent.delete(message.id);
    });
    // Without a receipt nothing was read of it: another gateway can have it, and the person sees nothing of a death.
    // A little later, when all of the channel was read. ('disconnect' is not told while a handle is under way: Node 24.)
    gateway.once('exit', () =>
      setTimeout(() => {
        underWay.delete(gateway);
        for (const newcomer of sent.values()) handOn(newcomer);
        sent.clear();
      }, RETRY_MS),
    );
    return sent;
  };

  const handOn = (newcomer: Newcomer): void => {
    const { socket, since } = newcomer;
    if (socket.destroyed) return;
    if (performance.now() - since > PATIENCE_MS) return void socket.destroy();
    const ready = gateways().filter((gateway) => gateway.connected);
    const gateway = ready[turn++ % Math.max(ready.length, 1)];
    if (gateway === undefined) return void setTimeout(handOn, RETRY_MS, newcomer);
    const sent = knownTo(gateway);
    const id = ++lastId;
    sent.set(id, newcomer);
    gateway.send({ type: 'connection', id } satisfies HandedConnection, socket, { keepOpen: true }, (error) => {
      if (error === null || !sent.delete(id)) return;
      setTimeout(handOn, RETRY_MS, newcomer);
    });
  };

  const servers: Server[] = [];
  let bound = port;
  for (const [index, host] of hosts.entries()) {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      handOn({ socket, since: performance.now() });
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
      const closed = Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
      for (const sent of underWay.values()) for (const { socket } of sent.values()) socket.destroy();
      await closed;
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
