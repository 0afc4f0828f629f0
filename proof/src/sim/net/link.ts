import type { TransportEvents } from '@muster/client/types';
import type { WireError } from '@muster/protocol/error';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import { usualDelay } from './weather.ts';

/** The gateway's end of a connection. */
export interface ServerEnd {
  received(event: string, data: unknown, ack: (answer: unknown) => void): void;
  /** Told once. */
  closed(): void;
}

type Frame =
  { kind: 'opened' } | { kind: 'event'; event: string; data: string } | { kind: 'ack'; id: number; data: string };

/**
 * One websocket: two queues of bytes, each in order, each as slow as it is. Frames are copied as on the wire. Cut, it
 * loses what was under way; either end learns of it in its own time.
 */
export class Link {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #client: TransportEvents;
  readonly #acks = new Map<number, (answer: unknown) => void>();
  /** Whose it is, in words. */
  readonly name: string;
  /** Set once the gateway has taken the connection. */
  server: ServerEnd | undefined;
  /** The person's line does not drain: what is sent to them piles up. */
  isSlow = false;
  bufferedBytes = 0;
  /** The next acknowledgement is lost, and the connection with it. */
  losesNextAck = false;
  #isCut = false;
  #downAt = 0;
  #upAt = 0;
  #nextAck = 0;
  readonly #held: (() => void)[] = [];
  /** What is sent in one turn travels together, and comes in one read: mutations of one read make one batch. */
  readonly #isBundling: boolean;
  #bundle: { sentAt: number; frames: (() => void)[] } | undefined;

  constructor(name: string, time: VirtualTime, random: Random, client: TransportEvents) {
    this.name = name;
    this.#time = time;
    this.#random = random;
    this.#client = client;
    this.#isBundling = random.chance(0.5);
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  // ---- the client's end ----

  send(event: string, data: unknown, answer: (ack: unknown) => void): void {
    if (this.#isCut) return;
    const id = this.#nextAck++;
    this.#acks.set(id, answer);
    const json = JSON.stringify(data);
    this.#up(() =>
      this.server?.received(event, JSON.parse(json), (ack) => {
        this.#down({ kind: 'ack', id, data: JSON.stringify(ack) });
      }),
    );
  }

  /** The client closes it, and hears nothing more; the gateway notices in a moment. */
  closeByClient(): void {
    this.#end(usualDelay(this.#random), undefined);
  }

  // ---- the gateway's end ----

  open(): void {
    this.#down({ kind: 'opened' });
  }

  emit(event: string, json: string): void {
    this.#down({ kind: 'event', event, data: json });
  }

  refuse(error: WireError): void {
    this.#isCut = true;
    this.#time.after(usualDelay(this.#random), () => this.#client.refused(error));
  }

  /** The gateway closes it: what it sent before still arrives. */
  closeByServer(): void {
    if (this.#isCut) return;
    this.#arrive('down', () => {
      if (!this.#isCut) this.#end(0, 0);
    });
    const { server } = this;
    this.server = undefined;
    server?.closed();
  }

  /** The way between them is gone. */
  cut(serverNoticesMs: number, clientNoticesMs: number): void {
    this.#end(serverNoticesMs, clientNoticesMs);
  }

  /** The person's line drains again. */
  drain(): void {
    this.isSlow = false;
    for (const deliver of this.#held.splice(0)) this.#arrive('down', deliver);
    this.bufferedBytes = 0;
  }

  #up(deliver: () => void): void {
    const { now } = this.#time;
    if (this.#isBundling && this.#bundle?.sentAt === now) return void this.#bundle.frames.push(deliver);
    const bundle = { sentAt: now, frames: [deliver] };
    this.#bundle = bundle;
    this.#arrive('up', () => {
      for (const frame of bundle.frames) if (!this.#isCut) frame();
    });
  }

  #down(frame: Frame): void {
    if (this.#isCut) return;
    const deliver = () => {
      if (!this.#isCut) this.#deliver(frame);
    };
    if (this.isSlow) {
      this.bufferedBytes += frame.kind === 'opened' ? 0 : frame.data.length * 2_000;
      this.#held.push(deliver);
    } else this.#arrive('down', deliver);
  }

  #deliver(frame: Frame): void {
    if (frame.kind === 'opened') return this.#client.opened();
    if (frame.kind === 'event') return this.#client.received(frame.event, JSON.parse(frame.data));
    if (this.losesNextAck) {
      this.losesNextAck = false;
      return this.cut(usualDelay(this.#random), usualDelay(this.#random));
    }
    const answer = this.#acks.get(frame.id);
    this.#acks.delete(frame.id);
    answer?.(JSON.parse(frame.data));
  }

  #arrive(way: 'up' | 'down', deliver: () => void): void {
    const soon = this.#time.now + usualDelay(this.#random);
    const at = Math.max(soon, way === 'up' ? this.#upAt : this.#downAt);
    if (way === 'up') this.#upAt = at;
    else this.#downAt = at;
    this.#time.at(at, deliver);
  }

  #end(serverNoticesMs: number, clientNoticesMs: number | undefined): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#acks.clear();
    this.#held.length = 0;
    const { server } = this;
    this.server = undefined;
    if (server) this.#time.after(serverNoticesMs, () => server.closed());
    if (clientNoticesMs !== undefined) this.#time.after(clientNoticesMs, () => this.#client.closed('cut'));
  }
}
