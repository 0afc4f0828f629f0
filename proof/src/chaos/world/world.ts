import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '@muster/db/migrate';
import { findAnyPort } from '../../../../scripts/services/ports.ts';
import { startPostgres } from '../../../../scripts/services/postgres.ts';
import { startRedis } from '../../../../scripts/services/redis.ts';
import type { ProcessRecord } from '../../oracles/process-faults.ts';
import { ServerProcess } from './server-process.ts';
import { StoreProcess } from './store-process.ts';
import { createTcpLink, type TcpLink } from './tcp-link.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
export const PREFIX = 'chaos';
/** Short, so that a rolling restart is over within a round; the same road as with the usual ten seconds. */
const DRAIN_MS = '1500';
/** Slow enough that faults fall into the middle of what it says. */
const WORDS_PER_SECOND = '12';

export type StoreName = 'postgres' | 'redis';

/** The way of one process to one store. */
export interface StoreLink {
  name: string;
  process: ServerProcess;
  store: StoreName;
  link: TcpLink;
}

/** The whole product as processes of their own, with a link that can be hurt in every place where there is a network. */
export interface World {
  folder: string;
  gateways: ServerProcess[];
  workers: ServerProcess[];
  postgres: StoreProcess;
  redis: StoreProcess;
  /** From the clients to whichever gateway is there. */
  front: TcpLink;
  storeLinks: StoreLink[];
  /** A gateway's own address, past the front. */
  gatewayUrl: string;
  /** Past the links. */
  databaseUrl: string;
  redisUrl: string;
  /** All that is hurt is mended. Processes come back by themselves. */
  heal(): void;
  records(): ProcessRecord[];
  close(): Promise<void>;
}

/**
 * @param folder for data and logs
 * @param opened told at once how to close what there is so far
 */
export async function startWorld(folder: string, opened: (close: () => Promise<void>) => void): Promise<World> {
  mkdirSync(folder, { recursive: true });
  const [postgresPort, redisPort] = [await findAnyPort(), await findAnyPort()];
  const postgres = new StoreProcess('Postgres', () =>
    startPostgres({
      ...{ folder: join(folder, 'postgres'), logFile: join(folder, 'postgres.log'), port: postgresPort },
      ...{ password: 'chaos', isDurable: true },
    }),
  );
  const redis = new StoreProcess('Redis', () =>
    startRedis({
      ...{ folder: join(folder, 'redis'), logFile: join(folder, 'redis.log'), port: redisPort, isDurable: true },
    }),
  );
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  opened(close);
  try {
    closers.push(
      () => postgres.close(),
      () => redis.close(),
    );
    await Promise.all([postgres.start(), redis.start()]);
    const databaseUrl = `postgresql://postgres:chaos@127.0.0.1:${postgresPort}/postgres`;
    await migrate(databaseUrl);

    const storeLinks: StoreLink[] = [];
    const create = async (program: 'gateway' | 'worker', n: number, env: Record<string, string>) => {
      const name = `${program} ${n}`;
      const links = [await createTcpLink(() => [postgresPort]), await createTcpLink(() => [redisPort])] as const;
      const process = new ServerProcess(name, {
        args: ['--max-semi-space-size=16', join(ROOT, program, 'src', 'main.ts')],
        cwd: ROOT,
        env: {
          ...inherited(),
          ...{ NODE_ENV: 'development', REDIS_PREFIX: PREFIX, LOG_LEVEL: 'info' },
          DATABASE_URL: `postgresql://postgres:chaos@127.0.0.1:${links[0].port}/postgres`,
          REDIS_URL: `redis://127.0.0.1:${links[1].port}`,
          ...env,
        },
        logFile: join(folder, `${name.replace(' ', '-')}.log`),
        graceMs: 25_000,
      });
      storeLinks.push(
        { name: `${name} to Postgres`, process, store: 'postgres', link: links[0] },
        { name: `${name} to Redis`, process, store: 'redis', link: links[1] },
      );
      closers.push(async () => void (await Promise.all(links.map((link) => link.close()))));
      closers.push(() => process.close());
      await process.start();
      return process;
    };
    const secret = randomBytes(32).toString('base64');
    const ports = [await findAnyPort(), await findAnyPort()];
    const asGateway = (port: number) => ({
      ...{ HOST: '127.0.0.1', PORT: String(port), SECRET: secret, RATE_LIMITS: 'off', DRAIN_MS, DATABASE_POOL: '8' },
    });
    const asWorker = { WORKER_GRACE_MS: '1000', ASSISTANT_WORDS_PER_SECOND: WORDS_PER_SECOND };
    const [gateways, workers] = await Promise.all([
      Promise.all(ports.map((port, at) => create('gateway', at + 1, asGateway(port)))),
      Promise.all([create('worker', 1, asWorker), create('worker', 2, asWorker)]),
    ]);
    let turn = 0;
    const front = await createTcpLink(() => (turn++ % 2 === 0 ? ports : [...ports].reverse()));
    closers.push(() => front.close());
    return {
      ...{ folder, gateways, workers, postgres, redis, front, storeLinks, databaseUrl },
      gatewayUrl: `http://127.0.0.1:${ports[0]}`,
      redisUrl: `redis://127.0.0.1:${redisPort}`,
      heal() {
        for (const store of [postgres, redis]) store.thaw();
        for (const process of [...gateways, ...workers]) process.thaw();
        for (const { link } of storeLinks) link.heal();
        front.heal();
      },
      records: () =>
        [...gateways, ...workers].map(({ name, ends, options: { logFile } }) => ({
          ...{ name, ends, logFile, log: readFileSync(logFile, 'utf8') },
        })),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of our own settings a process gets those of the world alone, whatever whoever started it has set. */
const inherited = (): Record<string, string | undefined> => ({ PATH: process.env['PATH'], HOME: process.env['HOME'] });
