import { errorCode, type WireError } from '@muster/protocol/error';
import * as z from 'zod/mini';
import type { ConnectAuth, Transport, TransportConnection, TransportEvents } from './types.ts';

/** Engine.IO's packets over a websocket: https://socket.io/docs/v4/engine-io-protocol/ */
const ENGINE = { open: '0', close: '1', ping: '2', pong: '3', message: '4' } as const;
/** Socket.IO's packets in the main namespace: https://socket.io/docs/v4/socket-io-protocol/ */
const PACKET = { connect: '0', disconnect: '1', event: '2', ack: '3', error: '4' } as const;
/** The number of an acknowledgement, where there is one, before the JSON. */
const NUMBERED = /^(\d*)(.*)$/s;

/**
 * Socket.IO over a websocket alone: polling breaks over several gateways. It does not reconnect by itself, since what
 * waits is sent again by its owner, never from a buffer; and it watches over no silence, which its owner does too.
 *
 * Our own words for what Socket.IO's client would say in 12 kB: no namespaces, no binary, no other transport.
 */
export const socketIoTransport: Transport = {
  connect: (url, auth, events) => new SocketIoConnection(url, auth, events),
};

class SocketIoConnection implements TransportConnection {
  readonly #socket: WebSocket;
  readonly #auth: ConnectAuth;
  readonly #events: TransportEvents;
  readonly #answers = new Map<number, (ack: unknown) => void>();
  #lastId = 0;
  #isOver = false;

  constructor(url: string, auth: ConnectAuth, events: TransportEvents) {
    this.#auth = auth;
    this.#events = events;
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.onmessage = ({ data }: { data: unknown }) => this.#hear(data);
    // An error says nothing of its cause, and is followed by the close.
    this.#socket.onclose = () => this.#end('transport close');
  }

  send(event: string, data: unknown, answer: (ack: unknown) => void): void {
    if (this.#isOver) return;
    const id = ++this.#lastId;
    this.#answers.set(id, answer);
    this.#say(`${PACKET.event}${id}${JSON.stringify([event, data])}`);
  }

  close(): void {
    if (this.#isOver) return;
    // Said, so that the server need not find out.
    this.#say(PACKET.disconnect);
    this.#shut();
  }

  #say(packet: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(ENGINE.message + packet);
  }

  #hear(frame: unknown): void {
    if (this.#isOver) return;
    let packet: Packet;
    try {
      packet = read(frame);
    } catch {
      return this.#end('parse error');
    }
    this.#take(packet);
  }

  #take(packet: Packet): void {
    switch (packet.is) {
      case 'open':
        return this.#say(PACKET.connect + JSON.stringify(this.#auth));
      case 'ping':
        return this.#socket.send(ENGINE.pong);
      case 'connected':
        return this.#events.opened();
      case 'event':
        return this.#events.received(packet.event, packet.data);
      case 'ack': {
        const answer = this.#answers.get(packet.id);
        this.#answers.delete(packet.id);
        return answer?.(packet.data);
      }
      case 'refused': {
        const refusal = toRefusal(packet.data, packet.message);
        if (!refusal) return this.#end(packet.message);
        this.#shut();
        return this.#events.refused(refusal);
      }
      case 'closed':
        return this.#end('server disconnect');
    }
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#shut();
    this.#events.closed(reason);
  }

  #shut(): void {
    this.#isOver = true;
    this.#answers.clear();
    this.#socket.close();
  }
}

type Packet =
  | { is: 'open' | 'ping' | 'connected' | 'closed' }
  | { is: 'event'; event: string; data: unknown }
  | { is: 'ack'; id: number; data: unknown }
  | { is: 'refused'; message: string; data: unknown };

/** @throws where it is no frame that our servers send */
function read(frame: unknown): Packet {
  if (typeof frame !== 'string') throw new TypeError('binary');
  const [engine, kind] = frame;
  if (engine === ENGINE.open) return { is: 'open' };
  if (engine === ENGINE.ping) return { is: 'ping' };
  if (engine === ENGINE.close) return { is: 'closed' };
  if (engine !== ENGINE.message) throw new TypeError(`a packet of type ${engine}`);
  if (kind === PACKET.connect) return { is: 'connected' };
  if (kind === PACKET.disconnect) return { is: 'closed' };
  if (kind === PACKET.error) {
    const { message, data } = JSON.parse(frame.slice(2)) as { message: string; data?: unknown };
    return { is: 'refused', message, data };
  }
  const [, id, json] = NUMBERED.exec(frame.slice(2)) as unknown as [string, string, string];
  const [first, second] = JSON.parse(json) as unknown[];
  if (kind === PACKET.ack) return { is: 'ack', id: Number(id), data: first };
  if (kind !== PACKET.event || typeof first !== 'string') throw new TypeError(`a message of type ${kind}`);
  return { is: 'event', event: first, data: second };
}

function toRefusal(data: unknown, message: string): WireError | undefined {
  const given = data as Partial<WireError> | undefined;
  if (!z.safeParse(errorCode, given?.code).success) return undefined;
  return { retryable: false, message, ...given } as WireError;
}
