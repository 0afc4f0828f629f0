import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit, Submission } from '@muster/db/commit/types';
import type { FeedRepository } from '@muster/db/repositories/feed-types';
import { createBus, type SocketBus } from '@muster/gateway/bus/bus';
import type { RunReads } from '@muster/gateway/bus/run-gate';
import { noLimits } from '@muster/gateway/http/limits';
import { findHandler } from '@muster/gateway/socket/handlers';
import type { GatewaySocket, Session, SocketServices } from '@muster/gateway/socket/session';
import { watchSlowReaders } from '@muster/gateway/socket/slow-readers';
import type { Packet } from '@muster/protocol/change';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import { silentLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { noTracing } from '@muster/runtime/tracing';
import type { Hint } from '@muster/domain/command';
import { Random } from '../random.ts';
import { registerCommitPort } from '../store/commit-client.ts';
import type { Database } from '../store/database.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Link } from './link.ts';
import { late, lateFeed, latePool } from './late-reads.ts';
import type { SimRedis } from './redis.ts';
import { fairGateway, usualDelay } from './weather.ts';

/** As the product's: what a gateway that leaves tells its clients, and how many it closes at once. */
const RETRY_AFTER_MS = 500;
const DRAIN_STEP_MS = 120;
const UNREAD_LOOK_MS = 50;

export interface GatewayPorts {
  time: VirtualTime;
  database: Database;
  redis: SimRedis;
  runs: RunReads;
  seed: number;
  /** What left a commit, in the order of the log. */
  onCommitted(packets: Packet[], gateway: SimGateway): void;
  onHints(hints: Hint[]): void;
  onSubmitted(submission: Submission): void;
  /** What leaves for a person. */
  onEmit(link: Link, userId: string, event: string, data: unknown): void;
  onDied(gateway: SimGateway): void;
}

let made = 0;

/** Metrics are looked at by nobody here, and a registry is dear. */
const metrics = createMetrics({ hasProcessMetrics: false });
const noMetrics = { ...metrics, counter: noMetric, gauge: noMetric, histogram: noMetric } as typeof metrics;
function noMetric(): never {
  return {
    inc: () => undefined,
    set: () => undefined,
    observe: () => undefined,
    startTimer: () => () => 0,
    labels: noMetric,
  } as never;
}
const logger = silentLogger();

/** A gateway process: the real bus, the real commit and the real handlers between simulated wires. */
export class SimGateway {
  readonly index: number;
  readonly weather = fairGateway();
  readonly bus: SocketBus;
  readonly commit: Commit;
  readonly sessions = new Map<Link, Session>();
  isDead = false;
  isAccepting = false;
  readonly #ports: GatewayPorts;
  readonly #random: Random;
  readonly #services: SocketServices;
  readonly #rooms = new Map<string, Set<Link>>();
  #tell: ((message: never) => void) | undefined;
  #stopSlowReaders: (() => void) | undefined;
  readonly #fakes = new Map<GatewaySocket, Session>();
  #sockets = 0;
  readonly #unread: (() => void)[] = [];
  readonly #findOwner: (clientId: string) => Promise<string | undefined>;

  constructor(index: number, life: number, ports: GatewayPorts) {
    this.index = index;
    this.#ports = ports;
    this.#random = new Random(ports.seed, `gateway ${index}.${life}`);
    const { time, database, redis } = ports;
    const name = `g${made++}`;
    const reads = { time, random: this.#random, weather: this.weather, isDead: () => this.isDead };
    const feed: FeedRepository = lateFeed(database.feed, reads);
    this.#findOwner = (clientId) => late(reads, () => database.clients.findOwner(clientId));
    const databaseUrl = registerCommitPort(name, {
      time,
      database,
      isDead: () => this.isDead,
      isFrozen: () => this.weather.isFrozen,
      delay: (moment) => {
        const { pauseMs, slowness } = this.weather;
        if (moment === 'before persist' && pauseMs > 0) {
          this.weather.pauseMs = 0;
          if (this.weather.cutsAtPause) {
            this.weather.cutsAtPause = false;
            for (const link of [...this.sessions.keys()]) link.cut(pauseMs, 0);
          }
          return pauseMs;
        }
        const usual = this.#random.chance(0.6) ? 0 : usualDelay(this.#random);
        return usual * slowness;
      },
      breaks: (moment) => {
        if (this.weather.isCutFromPostgres && moment === 'before load') return true;
        if (this.weather.breakAt !== moment) return false;
        this.weather.breakAt = undefined;
        return true;
      },
    });
    this.bus = createBus({
      gatewayId: `gateway-${index}.${life}`,
      feed,
      runs: { findRun: (...args) => late(reads, () => ports.runs.findRun(...args)) },
      metrics: noMetrics,
      logger,
      bridge: (listener) => {
        const bridge = redis.connect(listener, this.weather, (message) => {
          if (!this.isDead) this.bus.receive(message);
        });
        this.#tell = bridge.tell as never;
        return bridge;
      },
    });
    const commit = createCommit({
      databaseUrl,
      pool: latePool(database.pool, reads),
      publish: (packets) => this.#publish(packets),
      onLog: (logEpoch) => this.bus.meetLog(logEpoch),
    });
    this.commit = Object.assign((submission: Submission) => (ports.onSubmitted(submission), commit(submission)), {
      close: () => commit.close(),
    });
    this.#services = {
      bus: this.bus,
      commit: this.commit,
      limits: noLimits,
      logger,
      tracing: noTracing,
      settings: {} as SocketServices['settings'],
      sendHints: (hints) => ports.onHints(hints),
    };
    this.#attach();
  }

  async start(): Promise<void> {
    this.#stopSlowReaders = watchSlowReaders({ sessions: this.#fakes, bus: this.bus, logger }).stop;
    while (!this.isDead) {
      try {
        await this.bus.start();
        this.isAccepting = true;
        return;
      } catch {
        await this.#ports.time.sleep(200);
      }
    }
  }

  /** Whose a client id is: asked in each handshake. */
  async findOwner(clientId: string): Promise<string | undefined> {
    return this.#findOwner(clientId).catch(() => undefined);
  }

  /** A connection whose handshake was taken. */
  accept(link: Link, userId: string, clientId: string): void {
    const { bus } = this;
    const id = `s${this.index}-${this.#sockets++}`;
    const rooms = new Set<string>();
    let isConnected = true;
    const emit = (event: string, data: unknown) => {
      if (!isConnected || this.isDead) return;
      this.#ports.onEmit(link, userId, event, data);
      link.emit(event, JSON.stringify(data));
    };
    const identity = { userId, kind: 'person' as const, sessionId: `session-${userId}`, expiresAt: Infinity, was: [] };
    link.open();
    emit('hello', { userId, was: [], gateway: String(this.index), protocol: PROTOCOL_VERSION, logEpoch: bus.logEpoch });
    const member = bus.add({
      id,
      userId,
      sessionId: identity.sessionId,
      isConnected: () => isConnected,
      send: emit,
      join: (room) => {
        rooms.add(room);
        const inside = this.#rooms.get(room);
        if (inside) inside.add(link);
        else this.#rooms.set(room, new Set([link]));
      },
      leave: (room) => {
        rooms.delete(room);
        this.#rooms.get(room)?.delete(link);
      },
    });
    const session: Session = {
      ...{ socketId: id, identity, clientId, member, line: Promise.resolve(), reads: 0 },
      bufferedBytes: () => link.bufferedBytes,
    };
    this.sessions.set(link, session);
    const fake = { conn: {}, disconnect: () => link.closeByServer() } as unknown as GatewaySocket;
    this.#fakes.set(fake, session);
    link.server = {
      received: (event, data, ack) => {
        if (this.isDead) return;
        this.#whenAwake(() => {
          const handler = findHandler(event);
          void handler?.run(session, this.#services, data, (answer) => {
            if (!isConnected || this.isDead) return;
            this.#ports.onEmit(link, userId, `answer ${event}`, answer);
            ack(answer);
          });
        });
      },
      closed: () => {
        if (!isConnected) return;
        isConnected = false;
        this.sessions.delete(link);
        this.#fakes.delete(fake);
        for (const room of rooms) this.#rooms.get(room)?.delete(link);
        if (!this.isDead) bus.remove(member);
      },
    };
  }

  /** kill -9. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.isAccepting = false;
    this.#stopSlowReaders?.();
    for (const link of [...this.sessions.keys()]) link.cut(0, usualDelay(this.#random));
    this.bus.stop();
    this.#ports.onDied(this);
  }

  /** A deploy: clients are told to go elsewhere, then closed a few at a time. */
  async drain(): Promise<void> {
    this.isAccepting = false;
    const tell = [...this.sessions.keys()];
    for (const link of tell) link.emit('server:drain', JSON.stringify({ retryAfterMs: RETRY_AFTER_MS }));
    while (this.sessions.size > 0 && !this.isDead) {
      await this.#ports.time.sleep(DRAIN_STEP_MS);
      this.sessions.keys().next().value?.closeByServer();
    }
    this.die();
  }

  #publish(packets: Packet[]): void {
    if (this.isDead) return;
    this.#ports.onCommitted(packets, this);
    if (this.weather.diesAtPublish) return this.die();
    this.bus.publish(packets);
  }

  /** Frames that came to a frozen process wait in its sockets, in their order. */
  #whenAwake(run: () => void): void {
    if (this.isDead) return;
    if (!this.weather.isFrozen && this.#unread.length === 0) return run();
    this.#unread.push(run);
    if (this.#unread.length === 1) this.#ports.time.after(UNREAD_LOOK_MS, () => this.#readOn());
  }

  #readOn(): void {
    if (this.weather.isFrozen) return void this.#ports.time.after(UNREAD_LOOK_MS, () => this.#readOn());
    for (const run of this.#unread.splice(0)) if (!this.isDead) run();
  }

  #attach(): void {
    this.bus.attach({
      emit: (names, event, data) => {
        if (this.isDead) return;
        const links = new Set([names].flat().flatMap((name) => [...(this.#rooms.get(name) ?? [])]));
        if (links.size === 0) return;
        const json = JSON.stringify(data);
        for (const link of links) {
          const session = this.sessions.get(link);
          if (session === undefined) continue;
          this.#ports.onEmit(link, session.identity.userId, event, data);
          link.emit(event, json);
        }
      },
      tell: (message) => this.#tell?.(message as never),
      closeSession: () => undefined,
      // Sign-outs are not simulated: nobody's session ends.
      sessions: () => [],
      greetAll: () => {
        for (const [link, { identity }] of this.sessions) {
          const hello = { userId: identity.userId, was: [], gateway: String(this.index), protocol: PROTOCOL_VERSION };
          const data = { ...hello, logEpoch: this.bus.logEpoch };
          this.#ports.onEmit(link, identity.userId, 'hello', data);
          link.emit('hello', JSON.stringify(data));
        }
      },
    });
  }
}
