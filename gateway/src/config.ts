import { databaseUrl, durationMs, flag, integer, oneOf, port, redisUrl, text } from '@muster/runtime/config';
import { errorReportVariables } from '@muster/runtime/error-reports';
import { LOG_LEVELS } from '@muster/runtime/logger';
import { tracingVariables } from '@muster/runtime/tracing';
import * as z from 'zod';
import { httpVariables } from './http/settings.ts';

/** The gateway's configuration, by the names of its variables. SECRET has no default: no gateway runs without one. */
export const gatewayConfig = z.object({
  NODE_ENV: oneOf(['development', 'test', 'production'], 'the kind of run').default('development'),
  HOST: text('the address to listen on').default('127.0.0.1'),
  PORT: port().default(0),
  METRICS_PORT: port().optional(),
  DATABASE_URL: databaseUrl(),
  DATABASE_POOL: integer('how many connections to Postgres reads may take', { min: 2, max: 200 }).default(10),
  COMMIT_FLIGHTS: oneOf(
    ['one', 'two'],
    'whether a commit on what its process remembers goes in one flight, or every commit looks first',
  ).default('one'),
  REDIS_URL: redisUrl(),
  REDIS_PREFIX: text('what all names in Redis begin with').default('muster'),
  MIGRATE: flag('whether pending migrations are run at start').default(false),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'how much is logged').default('info'),
  DRAIN_NOTICE_MS: durationMs('how long a gateway that stops is out of readiness before it drains,', {
    max: 120_000,
  }).default(0),
  DRAIN_MS: durationMs('how long clients have to go elsewhere once the gateway stops,', { max: 120_000 }).default(
    10_000,
  ),
  FAN_OUT: oneOf(
    ['frames', 'stock'],
    'whether a broadcast is written as one frame straight to the sockets, or goes the way of stock Socket.IO',
  ).default('frames'),
  ...tracingVariables,
  ...errorReportVariables,
  ...httpVariables,
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
