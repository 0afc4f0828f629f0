/**
 * What is private in engine.io, ws and Node's sockets, and has no public name. All of it is asked for before it is used:
 * a version that has it no longer gets its packets the ordinary way.
 */
interface Connection {
  readonly readyState: string;
  readonly writeBuffer: readonly unknown[];
  readonly transport: Transport;
  listenerCount(event: string): number;
}
interface Transport {
  readonly name: string;
  writable: boolean;
  readonly perMessageDeflate?: unknown;
  readonly socket?: { readonly readyState: number; readonly _socket?: Wire | null };
  /** What engine.io gives ws as the callback of a batch's last frame: writable again, and on to what has been buffered. */
  readonly _onSentLast?: (error?: Error | null) => void;
}
interface Wire {
  readonly encrypted?: boolean;
  readonly writableLength: number;
  write(bytes: Uint8Array, onWritten?: (error?: Error | null) => void): boolean;
}

const WS_OPEN = 1;
const NOTHING = new Uint8Array(0);

/**
 * Puts a whole websocket frame on the wire of a connection, past engine.io's packets, buffers and events, where that is
 * the same to the client: a plain websocket without compression, ready for more and with nothing waiting before it.
 *
 * @param conn a Socket.IO client's engine.io connection
 * @returns false where nothing was written: send it the ordinary way
 */
export function writeStraight(conn: unknown, frame: Uint8Array): boolean {
  const { readyState, writeBuffer, transport } = conn as Connection;
  // What waits in the buffer came first. While the transport is not writable, the next packet must wait there too.
  if (!transport.writable || writeBuffer.length > 0 || readyState !== 'open') return false;
  if (transport.name !== 'websocket' || transport.perMessageDeflate || transport._onSentLast === undefined)
    return false;
  const wire = transport.socket?.readyState === WS_OPEN ? transport.socket._socket : undefined;
  if (wire === undefined || wire === null || wire.encrypted === true) return false;
  if (isWatched(conn as Connection)) return false;
  wire.write(frame);
  // The kernel took not all of it: until it has, the reader counts as slow, and engine.io buffers as it always does.
  if (wire.writableLength > 0) {
    transport.writable = false;
    wire.write(NOTHING, transport._onSentLast);
  }
  return true;
}

/** Whether somebody listens for packets as they pass engine.io. */
function isWatched(conn: Connection): boolean {
  return conn.listenerCount('packetCreate') > 0 || conn.listenerCount('flush') > 0 || conn.listenerCount('drain') > 0;
}
