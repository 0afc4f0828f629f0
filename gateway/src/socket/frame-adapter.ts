import { createAdapter, RedisAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Namespace, Server } from 'socket.io';
import { writeStraight } from './straight-write.ts';

/** How a broadcast reaches the sockets here: as one frame written straight to each, or packet by packet, as in stock Socket.IO. */
export type FanOut = 'frames' | 'stock';

interface Options {
  fanOut: FanOut;
  publisher: Redis;
  subscriber: Redis;
  /** What the channels' names begin with. */
  key: string;
}

/** What is private in the adapter that Socket.IO's others build upon: a broadcast encodes, then applies, in one turn. */
interface Seams {
  readonly nsp: Namespace;
  readonly rooms: ReadonlyMap<string, ReadonlySet<string>>;
  _encode(packet: { id?: number }, options: PacketOptions): unknown[];
  apply(filter: Filter, send: (socket: LocalSocket) => void): void;
}
interface PacketOptions {
  /** The parts of a websocket frame; of a packet without binary parts only. */
  wsPreEncodedFrame?: Buffer[];
}
interface Filter {
  readonly rooms: ReadonlySet<string>;
  readonly except?: ReadonlySet<string>;
}
interface LocalSocket {
  readonly client: { readonly conn: unknown };
  listenersAnyOutgoing(): unknown[];
}

const Base = RedisAdapter as unknown as new (nsp: Namespace, ...more: unknown[]) => Seams;

/**
 * The Redis adapter, but that a broadcast is one frame which is written straight to each socket that can take it. Which
 * sockets, what goes to Redis and what comes from it, acknowledgements and all the rest are the stock adapter's; so is
 * every packet to a socket that cannot (docs/decisions/0008).
 */
class FrameAdapter extends Base {
  /** Of the broadcast that is being encoded, until it is applied. */
  #frame: Buffer | undefined;

  override _encode(packet: { id?: number }, options: PacketOptions): unknown[] {
    this.#frame = undefined;
    const encoded = super._encode(packet, options);
    const parts = options.wsPreEncodedFrame;
    if (parts === undefined) return encoded;
    const frame = Buffer.concat(parts);
    // For those who get it the ordinary way: one write instead of two.
    options.wsPreEncodedFrame = [frame];
    // Who asks for an answer registers it with each socket.
    if (packet.id === undefined && !isWatched(this.nsp.server)) this.#frame = frame;
    return encoded;
  }

  override apply(filter: Filter, send: (socket: LocalSocket) => void): void {
    const frame = this.#frame;
    this.#frame = undefined;
    if (frame === undefined) return super.apply(filter, send);
    const sendOne = (socket: LocalSocket) => {
      if (socket.listenersAnyOutgoing().length > 0 || !writeStraight(socket.client.conn, frame)) send(socket);
    };
    const only = filter.rooms.size === 1 && !filter.except?.size ? filter.rooms.values().next().value : undefined;
    if (only === undefined) return super.apply(filter, sendOne);
    // One room and nobody left out, as the bus emits: nobody is in it twice, so nobody need be remembered.
    const { sockets } = this.nsp;
    for (const id of this.rooms.get(only) ?? []) {
      const socket = sockets.get(id);
      if (socket !== undefined) sendOne(socket as unknown as LocalSocket);
    }
  }
}

/** Whether somebody listens for all packets as they pass engine.io. */
function isWatched({ engine }: Server): boolean {
  return engine.listenerCount('flush') > 0 || engine.listenerCount('drain') > 0;
}

/** The adapter for Socket.IO's server, over two Redis connections of its own. */
export function createFanOut({ fanOut, publisher, subscriber, key }: Options): ReturnType<typeof createAdapter> {
  if (fanOut === 'stock') return createAdapter(publisher, subscriber, { key });
  // Socket.IO calls it with `new`.
  return class extends FrameAdapter {
    constructor(nsp: Namespace) {
      super(nsp, publisher, subscriber, { key });
    }
  } as unknown as ReturnType<typeof createAdapter>;
}
