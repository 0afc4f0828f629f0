import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { endProcess } from '../processes/end-process.ts';
import { findProcessIdentity, isAlive, type ProcessIdentity } from '../processes/identity.ts';
import { findAnyPort } from '../services/ports.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';

/**
 * Servers of a test run: started once for it on free ports, in a folder that goes with it, with everything off that
 * only matters after a power cut.
 */
export interface TestServer {
  url: string;
  stop(): Promise<void>;
}

const FOLDER_PREFIX = 'muster-test-';
const TEMPLATE = 'template_muster';

/**
 * A Postgres whose database `template_muster` holds the migrated schema. TEST_DATABASE_URL names another server to use,
 * say the oldest version that we support; its own `template_muster` is made anew.
 *
 * @returns the address of its maintenance database, from which databases are made (see `database.ts`)
 */
export async function startTestPostgres(): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) {
    const template = new URL(given);
    template.pathname = `/${TEMPLATE}`;
    await makeTemplate(given, template.href);
    return { url: given, stop: async () => undefined };
  }
  sweepLeftovers();
  const folder = makeFolder();
  const server = await startPostgres({
    folder: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await findAnyPort(),
    password: 'test',
    isDurable: false,
    maxConnections: 300,
  });
  noteProcesses(folder, [server.pid]);
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await makeTemplate(server.url('postgres'), server.url(TEMPLATE));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: server.url('postgres'), stop };
}

/** A Redis that writes nothing to disk. */
export async function startTestRedis(): Promise<TestServer> {
  sweepLeftovers();
  const folder = makeFolder();
  const server = await startRedis({
    folder: join(folder, 'redis'),
    logFile: join(folder, 'redis.log'),
    port: await findAnyPort(),
    isDurable: false,
  });
  noteProcesses(folder, [server.pid]);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(maintenanceUrl: string, templateUrl: string): Promise<void> {
  const client = new pg.Client(maintenanceUrl);
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [TEMPLATE]);
    if (rowCount !== 0) await client.query(`alter database ${TEMPLATE} with is_template false`);
    await client.query(`drop database if exists ${TEMPLATE}`);
    await client.query(`create database ${TEMPLATE}`);
    const { migrate } = await import('@muster/db/migrate');
    await migrate(templateUrl);
    // A template must have no connections: nothing may open one to it from here on.
    await client.query(`alter database ${TEMPLATE} with is_template true allow_connections false`);
  } finally {
    await client.end();
  }
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  noteProcesses(folder, []);
  return folder;
}

/** Who made a folder and what runs in it, so that a later run can clear up after one that was killed. */
function noteProcesses(folder: string, pids: number[]): void {
  const servers = pids.map(findProcessIdentity).filter((identity) => identity !== undefined);
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ owner: findProcessIdentity(process.pid), servers }));
}

function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const folder = join(tmpdir(), name);
    try {
      const note = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as {
        owner: ProcessIdentity;
        servers: ProcessIdentity[];
      };
      if (isAlive(note.owner)) continue;
      void Promise.all(note.servers.map((server) => endProcess(server, { signals: ['SIGINT'], graceMs: 2_000 }))).then(
        () => rmSync(folder, { recursive: true, force: true }),
      );
    } catch {
      // Just being made by a run beside ours, or not ours to judge.
    }
  }
}
