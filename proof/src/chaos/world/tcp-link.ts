import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way over TCP that can be hurt: what passes through it can be held up, swallowed, cut, and newcomers turned away. */
export interface TcpLink {
  port: number;
  /** How many pairs of connections live. */
  readonly count: number;
  /** Holds up everything, new connections too, until it is healed. */
  stall(): void;
  /** Ends connections as a network does that forgot them: with a reset. @param isChosen which ones; all, if left out */
  reset(isChosen?: () => boolean): number;
  /** Swallows what those say, both ways, and tells neither side. They are cut once it is healed. */
  swallow(isChosen: () => boolean): number;
  /** Turns newcomers away. */
  refuse(): void;
  /** Ends whatever is wrong with it. */
  heal(): void;
  close(): Promise<void>;
}

interface Pair {
  near: Socket;
  far: Socket;
  isSwallowed: boolean;
}

/** @param targets ports to go to, in the order to be tried; asked for each connection */
export async function createTcpLink(targets: () => number[]): Promise<TcpLink> {
  const pairs = new Set<Pair>();
  let isStalled = false;
  let isRefusing = false;

  const cut = (pair: Pair) => {
    pairs.delete(pair);
    pair.near.resetAndDestroy();
    pair.far.resetAndDestroy();
  };

  const join = (near: Socket, far: Socket) => {
    const pair: Pair = { near, far, isSwallowed: false };
    pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (pair.isSwallowed || to.destroyed) return;
        if (!to.write(bytes)) from.pause();
      });
      to.on('drain', () => void (isStalled || from.resume()));
      from.on('end', () => void (pair.isSwallowed || to.end()));
      // One side's fault is the other's; under a swallowed pair neither hears of it.
      from.on('error', () => void (pair.isSwallowed || cut(pair)));
      from.on('close', () => {
        if (!pair.isSwallowed) to.destroy();
        if (near.destroyed && far.destroyed) pairs.delete(pair);
      });
    }
    for (const socket of [near, far])
      if (isStalled) socket.pause();
      else socket.resume();
  };

  const server = createServer({ pauseOnConnect: true }, (near) => {
    near.on('error', () => undefined);
    if (isRefusing) return void near.resetAndDestroy();
    void reach(targets()).then((far) => {
      if (far === undefined || near.destroyed) {
        near.resetAndDestroy();
        far?.destroy();
      } else join(near, far);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  const each = (isChosen: () => boolean, act: (pair: Pair) => void): number => {
    const chosen = [...pairs].filter(({ isSwallowed }) => !isSwallowed && isChosen());
    chosen.forEach(act);
    return chosen.length;
  };

  return {
    port: (server.address() as AddressInfo).port,
    get count() {
      return pairs.size;
    },
    stall() {
      isStalled = true;
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.pause();
    },
    reset: (isChosen = () => true) => each(isChosen, cut),
    swallow: (isChosen) => each(isChosen, (pair) => (pair.isSwallowed = true)),
    refuse() {
      isRefusing = true;
    },
    heal() {
      isStalled = isRefusing = false;
      for (const pair of pairs) {
        if (pair.isSwallowed) cut(pair);
        else for (const socket of [pair.near, pair.far]) socket.resume();
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of [...pairs]) cut(pair);
        server.close(() => resolve());
      }),
  };
}

/** The first that takes a connection: what a balancer does whose target has died. */
async function reach(ports: number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const far = await new Promise<Socket | undefined>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => {
        socket.pause();
        resolve(socket);
      });
      socket.once('error', () => resolve(undefined));
    });
    if (far) {
      far.on('error', () => undefined);
      return far;
    }
  }
  return undefined;
}
