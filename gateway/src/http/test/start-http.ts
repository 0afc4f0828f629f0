import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { createDatabase, createPool } from '@muster/db/connection';
import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit } from '@muster/db/commit/types';
import type { Hint } from '@muster/domain/command';
import { MusterError } from '@muster/protocol/error';
import { redisNames } from '@muster/protocol/internal/channels';
import { parseConfig } from '@muster/runtime/config';
import { createLogger, silentLogger, type Logger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { noTracing } from '@muster/runtime/tracing';
import { createRedisConnections, whenRedisReady } from '@muster/runtime/redis';
import { createTestDatabase } from '@muster/testing/database';
import { createTestRedis } from '@muster/testing/redis';
import * as z from 'zod';
import type { Auth } from '../../auth/auth.ts';
import { createAuthRoom } from '../../auth/auth-room.ts';
import type { Identities } from '../../auth/identity-types.ts';
import type { Bus } from '../../bus/bus-types.ts';
import { createHttp, type Http } from '../http.ts';
import { createLimits, noLimits } from '../limits.ts';
import { httpVariables, toHttpSettings } from '../settings.ts';

/** A real listening server on a real Postgres and Redis; the bus is a recorder, since nobody has a socket here. */
export interface TestHttp {
  url: string;
  http: Http;
  auth: Auth;
  identities: Identities;
  db: ReturnType<typeof createDatabase>;
  commit: Commit;
  closedSessions: string[];
  announced: { id: string; name: string; scopes: string[] }[];
  hints: Hint[];
  /** Replace to play a run. */
  bus: Bus;
  close(): Promise<void>;
}

export async function startHttp({
  env = {},
  isProduction = false,
  logger = process.env.SHOW ? createLogger({ name: 't', level: 'debug' }) : silentLogger(),
  wrapCommit = (commit) => commit,
}: {
  env?: Record<string, string>;
  isProduction?: boolean;
  logger?: Logger;
  /** To let commits fail. */
  wrapCommit?: (commit: Commit) => Commit;
} = {}): Promise<TestHttp> {
  const database = await createTestDatabase();
  const { url: redisUrl, prefix } = createTestRedis();
  const pool = createPool({ connectionString: database.url, max: 8 });
  const db = createDatabase(pool);
  const names = redisNames(prefix);
  const redis = createRedisConnections({ url: redisUrl, name: 'test', logger });
  // Until then limits count in memory, and a test of theirs would count twice.
  await whenRedisReady(redis.get('commands'));
  const metrics = createMetrics({ hasProcessMetrics: false });
  const values = parseConfig(z.object(httpVariables), { SECRET: 's'.repeat(40), ...env });
  const settings = toHttpSettings(values, isProduction);
  const limits = settings.limits
    ? createLimits({ redis: redis.get('commands'), prefix: names.limiterPrefix, limits: settings.limits })
    : noLimits;

  const closedSessions: string[] = [];
  const announced: TestHttp['announced'] = [];
  const hints: Hint[] = [];
  const bus: Bus = {
    watchRun: async () => {
      throw new MusterError('unavailable', 'No run is played.');
    },
    closeSession: (id) => void closedSessions.push(id),
    announceProfile: (id, { name }, scopes) => void announced.push({ id, name, scopes }),
    isHearing: async () => true,
    publish: () => undefined,
  };
  const inner = createCommit({
    databaseUrl: database.url,
    pool,
    publish: bus.publish,
    logger,
    emailTrust: settings.emailTrust,
  });
  const commit = wrapCommit(inner);
  const { auth, identities } = createAuthRoom({ db, settings, logger, commit, bus });
  const http = createHttp({
    gatewayId: 'test',
    settings,
    logger,
    tracing: noTracing,
    metrics,
    redis,
    names,
    feed: undefined as never,
    commit,
    bus,
    sendHints: (sent) => void hints.push(...sent),
    isAccepting: () => true,
    db,
    pool,
    auth,
    identities,
    limits,
  });
  const server = createServer(http.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    http,
    auth,
    identities,
    db,
    commit,
    closedSessions,
    announced,
    hints,
    bus,
    close: async () => {
      await endServer(server);
      await inner.close();
      await redis.close();
      await db.destroy();
      await database.drop();
    },
  };
}

async function endServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Someone with a session: `cookie` as a browser holds it, `token` as a script does. */
export interface Visitor {
  userId: string;
  email: string;
  token: string;
  cookie: string;
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // Tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export async function request(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
}

/** Signs up by plain fetch, as scripts do. */
export const signUp = (
  url: string,
  name = 'Ada',
  email = `${randomUUID()}@example.test`,
  headers: Record<string, string> = {},
): Promise<Visitor> =>
  enter(url, '/api/auth/sign-up/email', { name, email, password: 'correct horse battery' }, headers);
export const signIn = (url: string, email: string, headers: Record<string, string> = {}): Promise<Visitor> =>
  enter(url, '/api/auth/sign-in/email', { email, password: 'correct horse battery' }, headers);
export const enterAsGuest = (url: string): Promise<Visitor> => enter(url, '/api/auth/sign-in/anonymous', {}, {});

async function enter(url: string, path: string, body: object, headers: Record<string, string>): Promise<Visitor> {
  const answer = await request(url, 'POST', path, body, headers);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const token = answer.headers.get('set-auth-token') ?? '';
  return {
    userId: answer.body.user.id,
    email: answer.body.user.email,
    token,
    cookie,
    call: (method, path, body, more = {}) =>
      request(url, method, path, body, { authorization: `Bearer ${token}`, ...more }),
  };
}
