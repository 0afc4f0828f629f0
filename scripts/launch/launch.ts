import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@muster/runtime/logger';
import { createShutdown, type Shutdown } from '@muster/runtime/shutdown';
import { migrate } from '@muster/db/migrate';
import type { KeptAlive, Living } from '../processes/keep-alive.ts';
import { createLedger, endLeftovers, type Ledger } from '../processes/ledger.ts';
import { rollOut, type Rolled } from '../rollout/roll-out.ts';
import { choosePorts } from './choose-ports.ts';
import { gatewayEnvironment, productEnvironment } from './environment.ts';
import { openFrontDoor } from './front-door.ts';
import { takeLock } from './lock.ts';
import { UsageError, type LaunchOptions } from './options.ts';
import { buildPage } from './page.ts';
import { openControl, type Control } from './control.ts';
import { createProcessGroup, type ProcessGroup } from './process-group.ts';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { loadSecrets } from './secrets.ts';
import { settleAll } from './settle-all.ts';
import { openStores } from './stores.ts';
import { isReadyAt, watchHealth, type HealthWatch } from './watch-health.ts';
import { runPageServer } from './page-server.ts';
import { restartOnChange } from './restart-on-change.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
/** Both names of this machine: `localhost` may mean either. */
const LOCAL_HOSTS = ['127.0.0.1', '::1'];
/** Longer than a process's own ordered end may take, beside the time that clients have to go elsewhere. */
const CHILD_GRACE_MS = 30_000;
/** Postgres writes its last checkpoint, Redis its file. */
const STORE_GRACE_MS = 30_000;

export interface Launched {
  url: string;
  /** Ends everything in order. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): void;
}

/** What is started; the tests put small stand-ins here. */
export interface LaunchParts {
  program(room: 'gateway' | 'worker'): string;
  /** @returns the built page's folder */
  buildPage(say: (line: string) => void): Promise<string>;
}

const REAL_PARTS: LaunchParts = {
  program: (room) => join(ROOT, room, 'src', 'main.ts'),
  buildPage: (say) => buildPage(ROOT, say),
};

interface Launch {
  parts: LaunchParts;
  options: LaunchOptions;
  mode: 'start' | 'dev';
  say: (line: string) => void;
  env: Record<string, string | undefined>;
  ledger: Ledger;
  shutdown: Shutdown;
  living: KeptAlive<Living>[];
}

/**
 * Starts the whole product and returns once people can use it.
 *
 * @throws UsageError if this data folder's product already runs; any other fault after everything was ended again
 */
export async function launch({
  options,
  mode,
  say,
  env,
  parts = REAL_PARTS,
}: Pick<Launch, 'options' | 'mode' | 'say' | 'env'> & { parts?: LaunchParts }): Promise<Launched> {
  const { data } = options;
  mkdirSync(join(data, 'logs'), { recursive: true });
  const lock = takeLock(join(data, 'launcher.lock'));
  if ('holder' in lock) throw new UsageError(alreadyRuns(data, lock.holder.pid));

  const shutdown = createShutdown({ logger: silentLogger() });
  const living: KeptAlive<Living>[] = [];
  const stop = async () => {
    await shutdown.run('stop');
    removeRunFile(data);
    lock.release();
  };
  const kill = () => {
    for (const one of living) one.kill();
    removeRunFile(data);
    lock.release();
  };
  try {
    removeRunFile(data);
    const ledgerPath = join(data, 'processes.json');
    const leftovers = await endLeftovers(ledgerPath);
    if (leftovers > 0) say(`The last start did not end by itself: ${leftovers} processes of it were ended.`);
    const ledger = createLedger(ledgerPath);
    const url = await startEverything({ parts, options, mode, say, env, ledger, shutdown, living });
    return { url, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startEverything(context: Launch): Promise<string> {
  const { parts, options, mode, say, env, ledger, shutdown, living } = context;
  const { data } = options;
  const ports = await choosePorts(options, say);

  const stores: KeptAlive<Living>[] = [];
  shutdown.register('stores', 'Postgres and Redis', () => Promise.all(stores.map((store) => store.stop())), {
    timeoutMs: STORE_GRACE_MS,
  });
  const secrets = loadSecrets(data);
  const [{ databaseUrl, redisUrl }, webRoot] = await settleAll([
    openStores({ data, secrets, ledger, say, env }, stores).finally(() => living.push(...stores)),
    mode === 'start' ? parts.buildPage(say) : Promise.resolve(join(ROOT, 'web', 'build')),
  ]);
  const applied = await migrate(databaseUrl);
  if (applied.length > 0) say(`The database is at ${applied.at(-1)}.`);

  const url = `http://localhost:${ports.front}`;
  const common = productEnvironment(
    {
      ...{ mode, databaseUrl, redisUrl, webRoot, gatewayPorts: ports.gateways, frontPort: ports.front },
      secret: env['SECRET'] ?? secrets.application,
      publicUrl: env['PUBLIC_URL'] ?? url,
    },
    env,
  );
  const graceMs = CHILD_GRACE_MS + longestLeaving(common);
  const hosts = env['HOST'] === undefined ? LOCAL_HOSTS : [env['HOST']];
  const groupOf = (room: 'gateway' | 'worker', count: number, envOf: (index: number) => NodeJS.ProcessEnv) =>
    createProcessGroup({
      name: room,
      count,
      say,
      onChange: () => writeRun(),
      describe: (index) => ({
        // Young objects die in a larger nursery: 5,000 sockets take a third less memory.
        args: ['--max-semi-space-size=16', parts.program(room)],
        cwd: ROOT,
        env: envOf(index),
        logFile: join(data, 'logs', `${room}-${index + 1}.log`),
        graceMs,
        onSpawn: ledger.add,
        onExit: ledger.remove,
      }),
    });
  const gateways = groupOf('gateway', options.gateways, (index) =>
    gatewayEnvironment(common, hosts[0] as string, ports.gateways[index] as number),
  );
  const workers = groupOf('worker', options.workers, () => common);

  let isReady = false;
  let control: Control | undefined;
  const writeRun = () => {
    if (!isReady || shutdown.isStopping) return;
    writeRunFile(data, {
      url,
      pid: process.pid,
      gateways: gateways
        .current()
        .flatMap((child, index) =>
          child === undefined ? [] : [{ url: `http://localhost:${ports.gateways[index]}`, pid: child.pid }],
        ),
      workers: workers.current().flatMap((child) => (child === undefined ? [] : [{ pid: child.pid }])),
      databaseUrl,
      redisUrl,
      ...(control === undefined ? {} : { control: control.address }),
    });
  };

  const groups = [gateways, workers];
  shutdown.register('drain', 'gateways and workers', () => Promise.all(groups.map((group) => group.stop())), {
    timeoutMs: graceMs + 5_000,
  });
  await settleAll(groups.map((group) => group.start())).finally(() =>
    living.push(...groups.flatMap((group) => group.members)),
  );
  say(`${options.gateways} gateways on ports ${ports.gateways.join(', ')}; ${options.workers} workers.`);

  const gatewayUrls = ports.gateways.map((port) => `http://${urlHost(hosts[0] as string)}:${port}`);
  const health = watchHealth(gatewayUrls);
  shutdown.register('accept', 'health', () => health.stop());
  const door = await openFrontDoor({
    port: mode === 'dev' ? 0 : ports.front,
    hosts: mode === 'dev' ? LOCAL_HOSTS.slice(0, 1) : hosts,
    gateways: () =>
      gateways
        .taking()
        .flatMap((child, index) => (child === undefined || !health.isHealthy(index) ? [] : [child.process])),
  });
  shutdown.register('accept', 'front door', () => door.close());

  if (mode === 'dev') {
    const page = await runPageServer({ root: ROOT, data, ledger, say, port: ports.front, apiPort: door.port });
    living.push(page);
    shutdown.register('accept', 'page server', () => page.stop());
    const watching = restartOnChange({ root: ROOT, gateways: gateways.members, workers: workers.members, say });
    shutdown.register('accept', 'file watching', () => watching.close());
  } else {
    const rollout = async (tell: (line: string) => void, signal: AbortSignal) => {
      const both = (line: string) => (say(line), tell(line));
      await parts.buildPage(both);
      // They only add: the processes that still run do not know of them (docs/operations.md).
      const added = await migrate(databaseUrl);
      if (added.length > 0) both(`The database is at ${added.at(-1)}.`);
      await rollOut({ parts: listRolled(gateways, workers, gatewayUrls, health), say: both, signal });
    };
    const opened = await openControl({ rollout });
    control = opened;
    shutdown.register('accept', 'control', () => opened.close());
  }
  isReady = true;
  writeRun();
  return url;
}

/**
 * Workers first: new gateways may ask for what old workers do not know. Two workers can run side by side on one queue,
 * two gateways not on one port.
 */
function listRolled(
  gateways: ProcessGroup,
  workers: ProcessGroup,
  gatewayUrls: readonly string[],
  health: HealthWatch,
): Rolled[] {
  return [
    ...workers.members.map((place, index) => ({
      name: `worker ${index + 1}`,
      isNewFirst: true,
      replace: place.replace,
      isReady: async () => place.current !== undefined,
    })),
    ...gateways.members.map((place, index) => ({
      name: `gateway ${index + 1}`,
      isNewFirst: false,
      replace: place.replace,
      isReady: async () => health.isHealthy(index) && (await isReadyAt(`${gatewayUrls[index]}/readyz`)),
    })),
  ];
}

/** How long a process of ours may take to leave in its own time. */
function longestLeaving(env: NodeJS.ProcessEnv): number {
  const of = (name: string, fallback: number) => Number(env[name] || fallback) || fallback;
  return Math.max(of('DRAIN_NOTICE_MS', 0) + of('DRAIN_MS', 10_000), of('WORKER_GRACE_MS', 20_000));
}

/** Where one asks a process that listens on `host`. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function alreadyRuns(data: string, pid: number): string {
  const running = readRunFile(data);
  const where = running === undefined ? 'it is just starting' : `it is at ${running.url}`;
  return `Muster already runs on ${data} (process ${pid}): ${where}. Stop it first, or give another folder: --data.`;
}
