import { randomUUID } from 'node:crypto';
import type { Ack, ClientEventAnswer, ClientEventName, ScopeResult } from '@muster/protocol/client-events';
import type { WireEntity } from '@muster/protocol/entity';
import type { Packet } from '@muster/protocol/change';
import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';

const ANSWER_WITHIN_MS = 30_000;
type Answer<N extends ClientEventName> = ClientEventAnswer<N>;

/** A plain Socket.IO client that speaks the wire, and keeps nothing. */
export class WireClient {
  readonly clientId = randomUUID();
  readonly #socket: Socket;
  #mid = 0;

  private constructor(url: string, token: string) {
    this.#socket = io(url, {
      ...{ transports: ['websocket'], reconnection: false, forceNew: true },
      auth: { clientId: this.clientId, protocol: 1, token },
    });
  }

  /** @throws where it is refused */
  static async connect(url: string, token: string): Promise<WireClient> {
    const client = new WireClient(url, token);
    await new Promise<void>((resolve, reject) => {
      client.#socket.once('connect', resolve);
      client.#socket.once('connect_error', reject);
    });
    client.#socket.once('disconnect', (reason) => {
      // A client that is missing would make every figure look better.
      if (reason !== 'io client disconnect') throw new Error(`a client was disconnected: ${reason}`);
    });
    return client;
  }

  onChanges(listener: (packet: Packet) => void): void {
    this.#socket.on('scope:changes', listener);
  }

  /** @throws what was refused */
  async ask<N extends ClientEventName>(event: N, data: object): Promise<Answer<N>> {
    const answer = (await this.#socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, data)) as Ack<Answer<N>>;
    if (!answer.ok) throw new Error(`${event}: ${answer.error.code} ${answer.error.message}`);
    return answer.data;
  }

  /** Opens a list and reads it to its last page. */
  async open(listId: string): Promise<WireEntity[]> {
    const scope = `list:${listId}`;
    const { results } = await this.ask('scope:open', { scopes: [{ scope }] });
    const [result] = results as [ScopeResult];
    if (result.kind !== 'snapshot') throw new Error(`${scope} came as ${result.kind}`);
    const entities = [...result.entities];
    for (let { next } = result; next !== undefined;) {
      const page: Answer<'scope:page'> = await this.ask('scope:page', { scope, next });
      entities.push(...page.entities);
      next = page.next;
    }
    return entities;
  }

  /** The mid that the next mutation takes. */
  get nextMid(): number {
    return this.#mid + 1;
  }

  /** @throws unless it was applied */
  async mutate(name: string, args: object): Promise<Record<string, number>> {
    this.#mid += 1;
    const answer = await this.ask('mutate', { mid: this.#mid, nonce: randomUUID(), name, args });
    if (answer.status !== 'applied') throw new Error(`${name} was ${JSON.stringify(answer)}`);
    return answer.seqs;
  }

  /** @returns the ids of so many new tasks, in order */
  async createTasks(listId: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => v7());
    const inFlight = 32;
    for (let at = 0; at < count; at += inFlight) {
      const part = ids.slice(at, at + inFlight);
      await Promise.all(
        part.map((id, index) =>
          this.mutate('task.create', { id, listId, title: `Task ${at + index} of those that are measured here` }),
        ),
      );
    }
    return ids;
  }

  close(): void {
    this.#socket.disconnect();
  }
}
