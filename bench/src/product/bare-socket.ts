/** A websocket that speaks just enough Socket.IO to be let in: what it spends, the servers cannot. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

export interface BareSocket {
  socket: WebSocket;
  /** What it runs over: it counts the bytes. */
  stream: Socket;
  /** Hears every frame but pings, as it came: set by whoever entered, nobody hears those before. */
  onFrame: (frame: Buffer) => void;
}

/**
 * Engine.IO's open and Socket.IO's connect. Pings are answered as long as it is open.
 * @throws where it is refused or fails before it is let in; an error after that is thrown out of the process
 */
export function enterBare(url: string, token: string): Promise<BareSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    let stream: Socket;
    let bare: BareSocket | undefined;
    socket.once('upgrade', (response: IncomingMessage) => (stream = response.socket));
    socket.on('error', (error) => {
      if (bare) throw error;
      reject(error);
    });
    socket.once('close', () => reject(new Error('closed before it was let in')));
    socket.on('message', (frame: Buffer) => {
      // Only a ping is that short.
      if (frame.length === 1) return socket.send('3');
      if (bare) return bare.onFrame(frame);
      const text = frame.toString();
      if (text.startsWith('0')) socket.send(`40${JSON.stringify({ clientId: randomUUID(), protocol: 1, token })}`);
      else if (text.startsWith('44')) reject(new Error(`refused: ${text}`));
      else if (text.startsWith('40')) {
        bare = { socket, stream, onFrame: () => undefined };
        resolve(bare);
      }
    });
  });
}

/** Asks for lists as a client that has them open does: the answer is a frame that begins with `430`. */
export const askToOpen = (socket: WebSocket, scopes: { scope: string; after?: object }[]): void =>
  socket.send(`420${JSON.stringify(['scope:open', { scopes }])}`);
