import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { Redis } from 'ioredis';
import pg from 'pg';
import { keepAlive, type KeptAlive, type Living } from '../processes/keep-alive.ts';
import type { Ledger } from '../processes/ledger.ts';
import { findPortFrom, isPortFree } from '../services/ports.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import type { Secrets } from './secrets.ts';
import { settleAll } from './settle-all.ts';

/** Away from 5432 and 6379, where the machine's own servers live. */
const POSTGRES_PORT = 54_330;
const REDIS_PORT = 63_790;
const DATABASE = 'muster';

export interface Stores {
  databaseUrl: string;
  redisUrl: string;
  /** Those of them that are ours to end; in the order of ending. */
  own: KeptAlive<Living>[];
}

interface StoreContext {
  data: string;
  secrets: Secrets;
  ledger: Ledger;
  say: (line: string) => void;
  env: Record<string, string | undefined>;
}

/**
 * Postgres and Redis: those named by DATABASE_URL and REDIS_URL, else our own in the data folder.
 *
 * @param own filled as they start, so that a fault in between leaves nothing running
 */
export async function openStores(context: StoreContext, own: KeptAlive<Living>[]): Promise<Stores> {
  const [databaseUrl, redisUrl] = await settleAll([
    context.env['DATABASE_URL']
      ? useGivenPostgres(context.env['DATABASE_URL'], context.say)
      : runPostgres(context, own),
    context.env['REDIS_URL'] ? useGivenRedis(context.env['REDIS_URL'], context.say) : runRedis(context, own),
  ]);
  return { databaseUrl, redisUrl, own };
}

async function runPostgres({ data, secrets, ledger, say }: StoreContext, own: KeptAlive<Living>[]): Promise<string> {
  return startOnFreePort(POSTGRES_PORT, async (port) => {
    let url = '';
    const start = async () => {
      const server = await startPostgres({
        folder: join(data, 'postgres'),
        logFile: join(data, 'logs', 'postgres.log'),
        port,
        password: secrets.postgres,
        isDurable: true,
      });
      url = server.url(DATABASE);
      return asLiving(server, ledger);
    };
    own.push(await keepAlive({ name: 'Postgres', say, start }));
    await createDatabase(url);
    say(`Postgres runs on port ${port}.`);
    return url;
  });
}

async function runRedis({ data, secrets, ledger, say }: StoreContext, own: KeptAlive<Living>[]): Promise<string> {
  return startOnFreePort(REDIS_PORT, async (port) => {
    let url = '';
    const start = async () => {
      const server = await startRedis({
        folder: join(data, 'redis'),
        logFile: join(data, 'logs', 'redis.log'),
        port,
        password: secrets.redis,
        isDurable: true,
      });
      url = server.url;
      return asLiving(server, ledger);
    };
    own.push(await keepAlive({ name: 'Redis', say, start }));
    say(`Redis runs on port ${port}.`);
    return url;
  });
}

/** Another start may take the port between our look at it and our use of it. */
async function startOnFreePort(wanted: number, start: (port: number) => Promise<string>): Promise<string> {
  for (let from = wanted; ;) {
    const { port } = await findPortFrom(from, { host: '127.0.0.1' });
    try {
      return await start(port);
    } catch (error) {
      if (await isPortFree(port, '127.0.0.1')) throw error;
      from = port + 1;
    }
  }
}

function asLiving(server: { pid: number; child: ChildProcess; stop(): Promise<void> }, ledger: Ledger): Living {
  ledger.add(server.pid);
  return {
    pid: server.pid,
    ended: new Promise((resolve) => {
      server.child.once('exit', (code, signal) => {
        ledger.remove(server.pid);
        resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
      });
    }),
    stop: () => server.stop(),
    kill: () => void server.child.kill('SIGQUIT'),
  };
}

async function createDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  await withPostgres(maintenance.href, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  });
}

async function useGivenPostgres(url: string, say: (line: string) => void): Promise<string> {
  try {
    await withPostgres(url, async (client) => {
      const { rows } = await client.query<{ version: number }>(
        `select current_setting('server_version_num')::int as version`,
      );
      const version = rows[0]?.version ?? 0;
      if (version < 150_000) throw new Error(`it is Postgres ${Math.floor(version / 10_000)}, and 15 is the oldest`);
    });
  } catch (error) {
    throw new Error(`DATABASE_URL is set, but that Postgres cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  say('Postgres is the one of DATABASE_URL.');
  return url;
}

async function withPostgres(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function useGivenRedis(url: string, say: (line: string) => void): Promise<string> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    connectTimeout: 10_000,
  });
  let fault: Error | undefined;
  redis.on('error', (error: Error) => (fault = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const reason = fault ?? (error as Error);
    throw new Error(`REDIS_URL is set, but that Redis cannot be used: ${reason.message}`, { cause: error });
  } finally {
    redis.disconnect();
  }
  say('Redis is the one of REDIS_URL.');
  return url;
}
