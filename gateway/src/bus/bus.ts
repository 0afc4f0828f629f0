import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { Change } from '@muster/protocol/change';
import type { Logger } from '@muster/runtime/logger';
import type { Metrics } from '@muster/runtime/metrics';
import { createBusMetrics, type BusMetrics } from './bus-metrics.ts';
import type { Bus } from './bus-types.ts';
import type { Entry } from './entry.ts';
import { EntryTable } from './entry-table.ts';
import { FairPool } from './fair-pool.ts';
import { Fence } from './fence.ts';
import { Gate } from './gate.ts';
import { LateHost, type GatewayMessage, type SocketHost } from './socket-host.ts';
import { headsOf, Positioning } from './positioning.ts';
import { Presence } from './presence.ts';
import { ProfileCache } from './profile-cache.ts';
import { Reader, type ReaderPort } from './reader.ts';
import type { BridgeListener, RedisBridge } from './redis-bridge.ts';
import { scopeRoom } from './rooms.ts';
import { RunFeed } from './run-feed.ts';
import { RunGate, type RunReads } from './run-gate.ts';
import { RunReader } from './run-reader.ts';
import { ScopeFeed } from './scope-feed.ts';
import { StreamWatchers } from './stream-watchers.ts';

/** How many reads for opens go to Postgres at once. */
const READS_AT_ONCE = 4;
/** Heads leave with a comparison; while those come faster (Redis is away), not with every one. */
const HEADS_AT_LEAST_APART_MS = 1_500;
/** Sockets told in one turn: heads to thousands must not hold up changes. */
const HEADS_PER_TURN = 200;

/** One socket, in the hands of the socket handlers. */
export interface Member {
  reader: Reader;
  runs: RunReader;
}

/** The bus as the socket server sees it. */
export interface SocketBus extends Bus {
  readonly gate: Gate;
  readonly presence: Presence;
  readonly metrics: BusMetrics;
  readonly logEpoch: string;
  attach(host: SocketHost): void;
  add(port: ReaderPort): Member;
  remove(member: Member): void;
  /** From another gateway, by the adapter. */
  receive(message: GatewayMessage): void;
  /** Learns the log's epoch and begins to compare. @throws while Postgres is away */
  start(): Promise<void>;
  /** A commit met this log: settles once all clients were told, where it is another one. */
  meetLog(logEpoch: string): Promise<void> | undefined;
  /** Ends what is not a socket: SSE readers. */
  drain(): void;
  stop(): void;
}

export interface BusDeps {
  gatewayId: string;
  feed: FeedRepository;
  runs: RunReads;
  /** Redis, or what stands in for it in a test. */
  bridge(listener: BridgeListener, metrics: BusMetrics): RedisBridge;
  metrics: Metrics;
  logger: Logger;
}

export function createBus(deps: BusDeps): SocketBus {
  const { feed, logger, gatewayId } = deps;
  const members = new Set<Member>();
  const host = new LateHost();
  const profiles = new ProfileCache(feed);
  const streamWatchers = new StreamWatchers();
  let logEpoch = '';
  let headsAt = 0;

  const metrics = createBusMetrics(deps.metrics, {
    sockets: () => members.size,
    entries: () => table.size,
    watchedRuns: () => runFeed.size,
    laggingSockets: () => [...members].filter(({ reader }) => reader.isFull).length,
    waitingReads: () => pool.depth,
  });
  const pool = new FairPool(READS_AT_ONCE, (ms) => metrics.readWait.observe(ms / 1000));
  const listener: BridgeListener = {
    onPacket: (packet) => scopeFeed.receive(packet),
    onRunEntry: (runId, json) => runFeed.receive(runId, json),
    onReady: () => {
      void positioning.now();
      runFeed.refill();
    },
  };
  const bridge = deps.bridge(listener, metrics);
  const table = new EntryTable({
    feed,
    subscriptions: bridge,
    logger,
    onHigherEpoch: (group, epoch) =>
      void fence.raise(group, epoch).catch((err: unknown) => logger.error({ err }, 'a fence failed')),
    onReady: (entry) => scopeFeed.begin(entry),
  });
  const fence = new Fence({ feed, table, metrics, logger });
  const scopeFeed = new ScopeFeed({
    feed,
    table,
    fence,
    profiles,
    rooms: host,
    metrics,
    logger,
    onSuspect: () => void positioning.now(),
    onChanges: (entry, changes) => {
      runFeed.onChanges(entry, changes);
      // A thread that is deleted has no packet of its own that would say so.
      if (changes.some(deletesThread)) void positioning.now();
    },
    onReset: (entry) => tellHeads(entry),
  });
  const runFeed = new RunFeed({
    streams: bridge.streams,
    fence,
    rooms: host,
    metrics,
    logger,
    releaseThread: (thread) => table.release(thread),
  });
  const positioning = new Positioning({
    feed,
    table,
    scopeFeed,
    fence,
    metrics,
    logger,
    isRedisUp: () => bridge.isUp(),
    sessions: () => [...new Set([...streamWatchers.sessions(), ...host.sessions()])],
    logEpoch: () => logEpoch,
    onLogWentBack: (epoch) => startAnew(epoch),
    onSessionsEnded: (sessionIds) => sessionIds.forEach(closeHere),
    onCompared: () => sendHeads(),
  });
  const settle = () => positioning.now();
  const presence = new Presence({
    gatewayId,
    rooms: host,
    tellOthers: (message) => host.tell({ kind: 'presence', message }),
  });
  const gate = new Gate({
    feed,
    table,
    profiles,
    pool,
    metrics,
    settle,
    onJoin: (reader, scope) => {
      const who = presence.who(scope);
      if (who.length > 0) reader.port.send('presence:state', { scope, who });
    },
  });
  const runGate = new RunGate({ reads: deps.runs, table, feed: runFeed, pool, settle });

  const closeHere = (sessionId: string): void => {
    host.closeSession(sessionId);
    streamWatchers.endSession(sessionId);
  };

  const announceHere = (message: Extract<GatewayMessage, { kind: 'profile' }>): void => {
    profiles.forget(message.id);
    const { name, image, kind } = message.profile;
    host.emit(message.scopes.map(scopeRoom), 'profile:changed', { id: message.id, name, image, kind });
  };

  /** Whatever was known is worth nothing: clients open again, with the positions that they have. */
  const startAnew = (epoch: string): void => {
    logger.warn({ was: logEpoch, is: epoch }, 'the log went back: all clients open again');
    metrics.resets.inc({ why: 'log' });
    logEpoch = epoch;
    for (const { reader, runs } of members) {
      runs.leaveAll();
      reader.forget();
    }
    streamWatchers.endAll('reset');
    runFeed.dropAll();
    table.dropAll();
    host.greetAll();
  };

  const tellHeads = (entry: Entry): void => {
    host.emit(scopeRoom(entry.scope), 'scope:heads', { heads: { [entry.scope]: entry.seq }, logEpoch });
  };

  const sendHeads = (): void => {
    const now = performance.now();
    if (now - headsAt < HEADS_AT_LEAST_APART_MS) return;
    headsAt = now;
    const waiting = [...members];
    const tellSome = () => {
      for (const { reader } of waiting.splice(0, HEADS_PER_TURN)) {
        if (!reader.isFull) reader.port.send('scope:heads', { heads: headsOf(reader.places()), logEpoch });
      }
      if (waiting.length > 0) setImmediate(tellSome);
    };
    tellSome();
  };

  return {
    gate,
    presence,
    metrics,
    get logEpoch() {
      return logEpoch;
    },
    attach: (socketHost) => host.attach(socketHost),
    add: (port) => {
      const reader = new Reader(port, table, (left, scope) => presence.set(scope, left.port.id, left.userId, null));
      const member = { reader, runs: new RunReader(reader, runGate) };
      members.add(member);
      return member;
    },
    remove: (member) => {
      members.delete(member);
      member.runs.leaveAll();
      member.reader.closeAll();
    },
    receive: (message) => {
      if (message.kind === 'presence') presence.receive(message.message);
      else if (message.kind === 'session') closeHere(message.sessionId);
      else announceHere(message);
    },
    publish: (packets) => {
      bridge.publish(packets);
      // Our own clients need not wait for Redis: what it brings back later is old by then.
      for (const packet of packets) scopeFeed.receive(packet);
    },
    watchRun: (watcher, runId, after) => streamWatchers.watch(runGate, watcher, runId, after),
    closeSession: (sessionId) => {
      closeHere(sessionId);
      host.tell({ kind: 'session', sessionId });
    },
    announceProfile: (id, profile, scopes) => {
      const message = { kind: 'profile' as const, id, profile, scopes };
      announceHere(message);
      host.tell(message);
    },
    isHearing: () => bridge.isHearing(),
    start: async () => {
      ({ logEpoch } = await feed.readPositions([], []));
      positioning.start();
      presence.start();
    },
    meetLog: (met) => (met === logEpoch ? undefined : settle()),
    drain: () => streamWatchers.endAll('drain'),
    stop: () => {
      positioning.stop();
      presence.stop();
      bridge.close();
      runFeed.dropAll();
      table.dropAll();
    },
  };
}

const deletesThread = ({ effects }: Change): boolean =>
  effects.some(({ op, type }) => op === 'del' && type === 'thread');
