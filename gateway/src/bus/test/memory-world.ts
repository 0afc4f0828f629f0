import type { Packet } from '@muster/protocol/change';
import type { Position } from '@muster/protocol/client-events';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import type { RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { RunWatchAnswer, TextPosition } from '@muster/protocol/run';
import type { ServerEventData, ServerEventName } from '@muster/protocol/server-events';
import { silentLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createBus, type Member, type SocketBus } from '../bus.ts';
import type { OpenAnswer } from '../gate.ts';
import type { BridgeListener } from '../redis-bridge.ts';
import type { GatewayMessage } from '../socket-host.ts';
import { MemoryFeed } from './memory-feed.ts';

export const LIST = scopeOf('list', '11111111-1111-4111-8111-111111111111');
export const THREAD = scopeOf('thread', '22222222-2222-4222-8222-222222222222');
export const RUN = '33333333-3333-4333-8333-333333333333';

/** Redis as the buses see it: what is published reaches those who have subscribed, unless a test loses it. */
export class MemoryRedis {
  isUp = true;
  readonly streams = new Map<string, RunStreamEntry[]>();
  readonly listeners: { listener: BridgeListener; scopes: Set<ScopeId>; runs: Set<string> }[] = [];
  /** What happened to subscriptions, in order. */
  readonly calls: string[] = [];

  publish(...packets: Packet[]): void {
    if (!this.isUp) return;
    for (const packet of packets) {
      for (const { listener, scopes } of this.listeners)
        if (scopes.has(packet.scope)) listener.onPacket(structuredClone(packet));
    }
  }

  /** A worker's flush. @returns what was published */
  append(runId: string, entry: RunStreamEntry, { isHeard = true } = {}): void {
    this.streams.set(runId, [...(this.streams.get(runId) ?? []), entry]);
    if (isHeard) this.tell(runId, entry);
  }

  tell(runId: string, entry: RunStreamEntry): void {
    if (!this.isUp) return;
    for (const { listener, runs } of this.listeners)
      if (runs.has(runId)) listener.onRunEntry(runId, JSON.stringify(entry));
  }
}

/** A socket of one gateway. */
export class MemorySocket {
  /** In order; an open's answer stands among the events. */
  readonly heard: { event: ServerEventName | 'answer'; data: unknown }[] = [];
  readonly rooms = new Set<string>();
  readonly userId: string;
  readonly sessionId: string;
  isOpen = true;
  member!: Member;
  readonly #world: MemoryWorld;

  constructor(world: MemoryWorld, userId: string) {
    this.#world = world;
    this.userId = userId;
    this.sessionId = `session-${userId}`;
  }

  hear(event: ServerEventName | 'answer', data: unknown): void {
    this.heard.push({ event, data });
  }

  all<E extends ServerEventName>(event: E): ServerEventData<E>[] {
    return this.heard.filter((one) => one.event === event).map(({ data }) => data as ServerEventData<E>);
  }

  /** Seqs of a scope's changes, in the order in which they were heard. */
  seqs(scope: ScopeId = LIST): number[] {
    return this.all('scope:changes')
      .filter((packet) => packet.scope === scope)
      .flatMap(({ changes }) => changes.map(({ seq }) => seq));
  }

  async open(scope: ScopeId = LIST, after?: Position): Promise<OpenAnswer | undefined> {
    let answer: OpenAnswer | undefined;
    await this.#world.bus.gate.open(this.member.reader, [{ scope, after }], (data) => {
      answer = data;
      this.hear('answer', data);
    });
    return answer;
  }

  async watch(runId: string = RUN, after?: TextPosition): Promise<RunWatchAnswer | undefined> {
    let answer: RunWatchAnswer | undefined;
    await this.member.runs.watch(runId, after, (data) => (answer = data));
    return answer;
  }

  /** What a viewer of the run reads, by the contract's rules for chunks. `again`: a chunk lay beyond what it had. */
  text(answer: RunWatchAnswer | undefined, itemId: string): { text: string; again: boolean } {
    const { current = null } = answer ?? {};
    let text = current?.itemId === itemId ? current.text : '';
    let again = false;
    for (const { event, data } of this.heard) {
      if (event === 'run:status') {
        const { rewind } = data as ServerEventData<'run:status'>;
        if (rewind?.itemId === itemId) text = text.slice(0, rewind.offset);
      }
      if (event !== 'run:chunk') continue;
      const chunk = data as ServerEventData<'run:chunk'>;
      if (chunk.itemId !== itemId) continue;
      if (chunk.offset > text.length) again = true;
      else text += chunk.text.slice(text.length - chunk.offset);
    }
    return { text, again };
  }

  close(): void {
    this.isOpen = false;
    for (const room of this.rooms) this.#world.rooms.get(room)?.delete(this);
    this.#world.bus.remove(this.member);
    this.#world.sockets.delete(this);
  }
}

/** One gateway's bus with sockets in memory. */
export class MemoryWorld {
  readonly feed: MemoryFeed;
  readonly redis: MemoryRedis;
  readonly bus: SocketBus;
  /** What was logged as ours to mend. */
  readonly faults: unknown[] = [];
  readonly metrics = createMetrics({ hasProcessMetrics: false });
  readonly sockets = new Set<MemorySocket>();
  readonly rooms = new Map<string, Set<MemorySocket>>();
  readonly told: GatewayMessage[] = [];
  /** Other gateways, by the adapter. */
  readonly others: MemoryWorld[] = [];

  constructor({ feed = new MemoryFeed(), redis = new MemoryRedis(), id = 'gateway-1' } = {}) {
    this.feed = feed;
    this.redis = redis;
    this.bus = createBus({
      gatewayId: id,
      feed,
      runs: feed,
      metrics: this.metrics,
      logger: Object.assign(silentLogger(), { error: (about: unknown) => void this.faults.push(about) }),
      bridge: (listener) => {
        const heard = { listener, scopes: new Set<ScopeId>(), runs: new Set<string>() };
        redis.listeners.push(heard);
        return {
          subscribe: async (scopes) => {
            redis.calls.push(...scopes.map((scope) => `subscribe ${scope}`));
            for (const scope of scopes) heard.scopes.add(scope);
          },
          unsubscribe: (scope) => {
            redis.calls.push(`unsubscribe ${scope}`);
            heard.scopes.delete(scope);
          },
          streams: {
            subscribe: async (runId) => void heard.runs.add(runId),
            unsubscribe: (runId) => void heard.runs.delete(runId),
            readAfter: async (runId, n) => {
              if (!redis.isUp) throw new Error('Redis is away');
              return (redis.streams.get(runId) ?? [])
                .filter((entry) => entry.n > n)
                .map((entry) => JSON.stringify(entry));
            },
          },
          publish: (packets) => redis.publish(...packets),
          isUp: () => redis.isUp,
          isHearing: async () => redis.isUp,
          close: () => undefined,
        };
      },
    });
    this.bus.attach({
      emit: (names, event, data) => {
        const sockets = new Set([names].flat().flatMap((name) => [...(this.rooms.get(name) ?? [])]));
        for (const socket of sockets) socket.hear(event, data);
      },
      tell: (message) => {
        this.told.push(message);
        for (const other of this.others) other.bus.receive(structuredClone(message));
      },
      closeSession: (sessionId) => {
        for (const socket of [...this.sockets]) if (socket.sessionId === sessionId) socket.close();
      },
      sessions: () => [...this.sockets].map(({ sessionId }) => sessionId),
      greetAll: () => {
        for (const socket of this.sockets) socket.hear('hello', { logEpoch: this.bus.logEpoch });
      },
    });
  }

  /** Someone who has the scope open. */
  async openAs(userId: string, scope: ScopeId = LIST): Promise<MemorySocket> {
    const socket = this.connect(userId);
    await socket.open(scope);
    return socket;
  }

  connect(userId: string): MemorySocket {
    const socket = new MemorySocket(this, userId);
    this.feed.sessions.add(socket.sessionId);
    this.sockets.add(socket);
    socket.member = this.bus.add({
      id: `${userId}-${this.sockets.size}`,
      userId,
      sessionId: socket.sessionId,
      isConnected: () => socket.isOpen,
      send: (event, data) => socket.hear(event, data),
      join: (room) => {
        socket.rooms.add(room);
        this.rooms.set(room, (this.rooms.get(room) ?? new Set()).add(socket));
      },
      leave: (room) => {
        socket.rooms.delete(room);
        this.rooms.get(room)?.delete(socket);
      },
    });
    return socket;
  }

  /** What a counter or gauge stands at, its labels in the order of their names; 0 where it was never counted. */
  async measured(name: string, labels = ''): Promise<number> {
    const line = `muster_${name}${labels === '' ? '' : `{${labels}}`} `;
    const found = (await this.metrics.text()).split('\n').find((one) => one.startsWith(line));
    return Number(found?.slice(line.length) ?? 0);
  }

  /** A commit that everybody hears of. */
  commit(scope: ScopeId = LIST): void {
    this.redis.publish(this.feed.commit(scope));
  }
}

/** Lets everything run that waits for nothing but a turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
