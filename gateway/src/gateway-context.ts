import type { Hint } from '@muster/domain/command';
import type { Commit } from '@muster/db/commit/types';
import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { RedisNames } from '@muster/protocol/internal/channels';
import type { Logger } from '@muster/runtime/logger';
import type { Metrics } from '@muster/runtime/metrics';
import type { RedisConnections } from '@muster/runtime/redis';
import type { ErrorReports } from '@muster/runtime/error-reports';
import type { Tracing } from '@muster/runtime/tracing';
import type { Bus } from './bus/bus-types.ts';
import type { HttpSettings } from './http/settings.ts';

/**
 * What one gateway is made of, handed to its rooms instead of globals. app.ts builds it in this order: stores, commit and
 * bus; `createIdentity(context)` (auth/identity.ts: {@link import('./auth/identity-types.ts').Identities}); `createHttp({...context,
 * identities})` (http/http.ts: `{callback, limits, close?}`); the HTTP server; Socket.IO on it.
 */
export interface GatewayContext {
  /** In `hello`, metrics and logs. */
  gatewayId: string;
  settings: HttpSettings;
  logger: Logger;
  tracing: Tracing;
  /** Where errors are reported. */
  reports?: ErrorReports | undefined;
  metrics: Metrics;
  redis: RedisConnections;
  names: RedisNames;
  feed: FeedRepository;
  commit: Commit;
  bus: Bus;
  /** What follows a commit: queue jobs and pokes. Never throws; a sweeper repairs what is lost. */
  sendHints(hints: Hint[]): void;
  /** False from the moment that the gateway drains: `/readyz` answers no. */
  isAccepting(): boolean;
}
