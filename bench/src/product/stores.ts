import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@muster/db/migrate';
import pg from 'pg';
import { findAnyPort } from '../../../scripts/services/ports.ts';
import { startPostgres } from '../../../scripts/services/postgres.ts';
import { startRedis } from '../../../scripts/services/redis.ts';

/** A Postgres and a Redis of our own, set as `npm start` sets them: what is written is on the disk. */
export interface Stores {
  redisUrl: string;
  postgresVersion: string;
  redisVersion: string;
  /** A new database; migrated, unless it is for a peer. */
  createDatabase(name: string, isMigrated: boolean): Promise<string>;
  stop(): Promise<void>;
}

export async function startStores(): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stops.splice(0).map((stopOne) => stopOne()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const postgres = await startPostgres({
      ...{ folder: join(folder, 'postgres'), logFile: join(folder, 'postgres.log'), port: await findAnyPort() },
      ...{ password: 'bench', isDurable: true },
    });
    stops.push(() => postgres.stop());
    const redis = await startRedis({
      ...{ folder: join(folder, 'redis'), logFile: join(folder, 'redis.log'), port: await findAnyPort() },
      isDurable: true,
    });
    stops.push(() => redis.stop());
    const url = postgres.url('postgres');
    return {
      redisUrl: redis.url,
      postgresVersion: await ask(url, 'show server_version'),
      redisVersion: await readRedisVersion(redis.port),
      createDatabase: async (name, isMigrated) => {
        await ask(url, `create database ${name}`);
        if (isMigrated) await migrate(postgres.url(name));
        return postgres.url(name);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ask(url: string, sql: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return String(Object.values((rows[0] ?? {}) as Record<string, unknown>)[0] ?? '');
  } finally {
    await client.end();
  }
}

async function readRedisVersion(port: number): Promise<string> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(port, '127.0.0.1');
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '';
  } finally {
    redis.disconnect();
  }
}
