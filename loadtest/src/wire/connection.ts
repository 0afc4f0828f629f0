import { WebSocket } from 'k6/websockets';
import { connectFrame, DISCONNECT, eventFrame, PONG, readFrame } from './frames.ts';
import { PROTOCOL, SILENT_AFTER_MS } from './protocol.ts';

const LISTEN_EVERY_MS = 1_000;
const OPEN = 1;

export type Ack<T> = { ok: true; data: T } | { ok: false; error: WireFault };

export interface WireFault {
  code: string;
  message: string;
  retryable?: boolean;
  details?: { retryAfterMs?: number };
}

export interface ConnectionEvents {
  connected(): void;
  event(name: string, data: unknown): void;
  /** Once, and nothing after it. `refused` is the code of a handshake that was turned down. */
  closed(why: { reason: string; refused?: string }): void;
}

interface Waiting {
  settle(ack: Ack<never> | undefined): void;
}

/** Socket.IO over one websocket. It does not come back by itself; its owner does. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listening: ReturnType<typeof setInterval>;
  #lastId = 0;
  #heardAt = Date.now();
  #isOver = false;

  constructor(url: string, auth: { clientId: string; token: string }, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.onmessage = (message) => this.#hear(String(message?.data), auth);
    this.#socket.onerror = (fault) => this.#end({ reason: fault?.error ?? 'error' });
    this.#socket.onclose = () => this.#end({ reason: 'closed' });
    this.#listening = setInterval(() => {
      if (Date.now() - this.#heardAt > SILENT_AFTER_MS) this.#end({ reason: 'silent' });
    }, LISTEN_EVERY_MS);
  }

  /** @returns undefined where no answer came in time, or the connection ended first */
  ask<T>(event: string, data: unknown, withinMs: number): Promise<Ack<T> | undefined> {
    if (this.#isOver) return Promise.resolve(undefined);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), withinMs);
      const settle = (ack: Ack<T> | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(ack);
      };
      this.#waiting.set(id, { settle });
      this.#say(eventFrame(event, data, id));
    });
  }

  /** Said, so that the server need not find out. */
  close(): void {
    if (!this.#isOver) this.#say(DISCONNECT);
    this.cut();
  }

  /** Gone without a word, as a laptop that is shut. Nobody is told. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#listening);
    for (const { settle } of [...this.#waiting.values()]) settle(undefined);
    this.#socket.close();
  }

  /** k6 throws where the socket is not open; what is not said then is said by the next connection. */
  #say(frame: string): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(frame);
  }

  #hear(text: string, auth: { clientId: string; token: string }): void {
    if (this.#isOver) return;
    this.#heardAt = Date.now();
    const frame = readFrame(text);
    switch (frame.is) {
      case 'open':
        return this.#say(connectFrame({ ...auth, protocol: PROTOCOL }));
      case 'ping':
        return this.#say(PONG);
      case 'connected':
        return this.#events.connected();
      case 'event':
        return this.#events.event(frame.event, frame.data);
      case 'ack':
        return this.#waiting.get(frame.id)?.settle(frame.data as Ack<never>);
      case 'refused':
        return this.#end({ reason: frame.message, refused: frame.code });
      case 'closed':
        return this.#end({ reason: 'closed by the server' });
    }
  }

  #end(why: { reason: string; refused?: string }): void {
    if (this.#isOver) return;
    this.cut();
    this.#events.closed(why);
  }
}
