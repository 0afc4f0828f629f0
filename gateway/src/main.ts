import { migrate, requireMigrated } from '@muster/db/migrate';
import { createPool } from '@muster/db/connection';
import { ConfigError, parseConfig } from '@muster/runtime/config';
import { createErrorReports } from '@muster/runtime/error-reports';
import { takeHandedConnections } from '@muster/runtime/handed-connections';
import { createLogger } from '@muster/runtime/logger';
import { createShutdown, endWithProcess } from '@muster/runtime/shutdown';
import { createTracing } from '@muster/runtime/tracing';
import { createGateway } from './app.ts';
import { gatewayConfig, type GatewayConfig } from './config.ts';
import { toHttpSettings } from './http/settings.ts';

/** One gateway process. Under a launcher it says when it is ready, takes the connections that it is handed, and ends with it. */
const config = readConfig();
const reports = await createErrorReports(config, 'gateway');
const logger = createLogger({ name: 'gateway', level: config.LOG_LEVEL, onError: reports?.report });
const shutdown = createShutdown({ logger });
endWithProcess(shutdown, { process, logger });
shutdown.register('stores', 'error reports', () => reports?.close());

try {
  await prepareDatabase(config);
  const tracing = await createTracing(config, { name: 'muster-gateway', logger });
  shutdown.register('stores', 'traces', () => tracing.close());
  const gateway = await createGateway({ config, logger, tracing, reports, hurried: shutdown.hurried });
  shutdown.register('drain', 'gateway', () => gateway.close('the process ends'), {
    timeoutMs: config.DRAIN_NOTICE_MS + config.DRAIN_MS + 20_000,
  });
  takeHandedConnections(gateway.server, { process });
  process.send?.({ type: 'ready', port: gateway.port });
} catch (err) {
  logger.fatal({ err }, 'the gateway could not start');
  await reports?.close();
  process.exit(1);
}

function readConfig(): GatewayConfig {
  try {
    const parsed = parseConfig(gatewayConfig, process.env);
    toHttpSettings(parsed, parsed.NODE_ENV === 'production');
    return parsed;
  } catch (error) {
    const lines = error instanceof ConfigError ? error.lines : [(error as Error).message];
    for (const line of lines) process.stderr.write(`${line}\n`);
    process.exit(1);
  }
}

/** @throws {Error} naming the command that migrates, where migrations are pending and are not to be run here */
async function prepareDatabase({ DATABASE_URL, MIGRATE }: GatewayConfig): Promise<void> {
  if (MIGRATE) return void (await migrate(DATABASE_URL));
  const pool = createPool({ connectionString: DATABASE_URL, max: 1 });
  try {
    await requireMigrated(pool);
  } finally {
    await pool.end();
  }
}
