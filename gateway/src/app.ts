import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit } from '@muster/db/commit/types';
import { createDatabase, createPool } from '@muster/db/connection';
import { createClientRepository } from '@muster/db/repositories/client.repository';
import { createFeedRepository } from '@muster/db/repositories/feed.repository';
import type { FeedRepository } from '@muster/db/repositories/feed-types';
import { createRunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createRunWatchRepository } from '@muster/db/repositories/run-watch.repository';
import { redisNames } from '@muster/protocol/internal/channels';
import type { ErrorReports } from '@muster/runtime/error-reports';
import type { Logger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections, whenRedisReady } from '@muster/runtime/redis';
import { serveMetrics } from '@muster/runtime/serve-metrics';
import { createShutdown } from '@muster/runtime/shutdown';
import { createCommitTraces } from '@muster/runtime/trace-commits';
import { noTracing, type Tracing } from '@muster/runtime/tracing';
import { createAuthRoom } from './auth/auth-room.ts';
import { createBus, type SocketBus } from './bus/bus.ts';
import { createRedisBridge } from './bus/redis-bridge.ts';
import type { GatewayConfig } from './config.ts';
import { countCommits, labelOf } from './count-commits.ts';
import type { GatewayContext } from './gateway-context.ts';
import { createHintSender } from './hints.ts';
import { measureRuns } from './run-metrics.ts';
import { createHttp } from './http/http.ts';
import { createLimits, noLimits } from './http/limits.ts';
import { watchRequests } from './http/open-requests.ts';
import { toHttpSettings } from './http/settings.ts';
import { createSocketServer } from './socket/server.ts';

/** Redis may come later than we do; nobody should wait for it longer than this to be served. */
const REDIS_WITHIN_MS = 2_000;

export interface GatewayDeps {
  config: GatewayConfig;
  logger: Logger;
  /** Closed by whoever made it. */
  tracing?: Tracing;
  /** For what pages tell; closed by whoever made it. */
  reports?: ErrorReports | undefined;
  /** Off in tests: the process's own metrics would keep timers. */
  hasProcessMetrics?: boolean;
  /** For tests: stands between the bus and its reads. */
  wrapFeed?: (feed: FeedRepository) => FeedRepository;
  /** Aborted where there is no time for draining: all of the product ends. */
  hurried?: AbortSignal;
}

export interface Gateway {
  id: string;
  url: string;
  port: number;
  server: Server;
  bus: SocketBus;
  commit: Commit;
  /** Readiness off, clients told to go elsewhere, then everything closed in order. Bounded in time. @returns whether all closed cleanly */
  close(reason?: string): Promise<boolean>;
}

/**
 * Builds one gateway and lets it listen. No globals: two of them in one process do not know of each other.
 * @throws while Postgres cannot be reached, and where the port is taken
 */
export async function createGateway({
  config,
  logger: processLogger,
  tracing = noTracing,
  reports,
  hasProcessMetrics = true,
  wrapFeed = (feed) => feed,
  hurried = new AbortController().signal,
}: GatewayDeps): Promise<Gateway> {
  const gatewayId = randomUUID();
  const logger = processLogger.child({ gateway: gatewayId.slice(0, 8) });
  const settings = toHttpSettings(config, config.NODE_ENV === 'production');
  const shutdown = createShutdown({ logger });
  const names = redisNames(config.REDIS_PREFIX);
  const metrics = createMetrics({ labels: { process: 'gateway' }, hasProcessMetrics });

  const pool = createPool({
    connectionString: config.DATABASE_URL,
    max: config.DATABASE_POOL,
    application_name: 'muster-gateway',
    onError: (err) => logger.warn({ err }, 'an idle connection to Postgres broke'),
  });
  const db = createDatabase(pool);
  const redis = createRedisConnections({ url: config.REDIS_URL, name: 'gateway', logger });
  shutdown.register('stores', 'postgres', () => db.destroy());
  shutdown.register('stores', 'redis', () => redis.close());
  const feed = wrapFeed(createFeedRepository(db));

  const traces = createCommitTraces(tracing, labelOf);

  measureRuns({ metrics, runs: createRunWorkRepository(db) });

  const bus = createBus({
    ...{ gatewayId, feed, runs: createRunWatchRepository(db), metrics, logger },
    bridge: (listener, busMetrics) =>
      createRedisBridge({ redis, names, gatewayId, metrics: busMetrics, listener, tracing, traces }),
  });
  const counted = countCommits(
    createCommit({
      ...{ databaseUrl: config.DATABASE_URL, pool, logger, emailTrust: settings.emailTrust },
      isOptimistic: config.COMMIT_FLIGHTS === 'one',
      publish: (packets) => bus.publish(packets),
      onLog: (logEpoch) => bus.meetLog(logEpoch),
    }),
    metrics,
  );
  const commit = traces.trace(counted);
  const hints = createHintSender({ redis, names, logger, tracing });
  shutdown.register('workers', 'commit', () => commit.close());
  shutdown.register('workers', 'hints', () => hints.close());

  const limits = settings.limits
    ? createLimits({ redis: redis.get('commands'), prefix: names.limiterPrefix, limits: settings.limits })
    : noLimits;
  const context: GatewayContext = {
    ...{ gatewayId, settings, logger, tracing, reports, metrics, redis, names, feed, commit, bus },
    sendHints: (sent) => hints.send(sent),
    isAccepting: () => !shutdown.isStopping,
  };
  const { auth, identities } = createAuthRoom({ ...context, db });
  const http = createHttp({ ...context, db, pool, auth, identities, limits });
  const server = createServer(http.callback());
  const sockets = createSocketServer({
    ...{ bus, commit, limits, logger, tracing, settings, identities, context, fanOut: config.FAN_OUT },
    sendHints: context.sendHints,
    findClientOwner: createClientRepository(db).findOwner,
  });
  sockets.attach(server);
  const requests = watchRequests(server);
  const stopListening = async () => {
    // Out of readiness already: who is in front has this long to notice, and is served until then.
    await delay(config.DRAIN_NOTICE_MS, undefined, { signal: hurried }).catch(() => undefined);
    if (server.listening) server.close();
    requests.leave();
  };
  const withinMs = config.DRAIN_MS;
  shutdown.register('accept', 'listener', stopListening, { timeoutMs: config.DRAIN_NOTICE_MS + 5_000 });
  shutdown.register('drain', 'sockets', () => sockets.drain({ withinMs, hurried }), { timeoutMs: withinMs + 1_000 });
  shutdown.register('drain', 'requests', () => requests.whenNone(hurried), { timeoutMs: withinMs + 1_000 });
  shutdown.register('drain', 'event streams', () => bus.drain());
  shutdown.register('workers', 'bus', () => bus.stop());
  shutdown.register('workers', 'socket server', () => sockets.close());
  shutdown.register('workers', 'http', () => server.closeAllConnections());

  try {
    await bus.start();
    // Without Redis it serves all the same, more slowly; with it, the first commit is already heard.
    await whenRedisReady(redis.get('subscriber'), REDIS_WITHIN_MS).catch(() => undefined);
    await listen(server, config);
    if (config.METRICS_PORT !== undefined) {
      const inside = await serveMetrics(metrics, config.METRICS_PORT);
      // To the last: how it drains is worth a look.
      shutdown.register('workers', 'metrics', () => inside.close());
    }
  } catch (fault) {
    await shutdown.run('could not start');
    throw fault;
  }
  const { port } = server.address() as AddressInfo;
  logger.info({ host: config.HOST, port }, 'listening');
  const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
  return {
    ...{ id: gatewayId, url: `http://${host}:${port}`, port, server, bus, commit },
    close: (reason = 'closed') => shutdown.run(reason),
  };
}

function listen(server: Server, { PORT, HOST }: Pick<GatewayConfig, 'PORT' | 'HOST'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
