import type { ScopeId } from '../id.ts';

/**
 * Names in Redis, built from one prefix: two deployments (or two tests) on one Redis must not hear each other.
 * A run's keys share a hash tag so that one Lua call may touch them in a cluster.
 */
export interface RedisNames {
  /** Packets of one scope (JSON of {@link import('../change.ts').Packet}). */
  scopeChannel(scope: ScopeId): string;
  scopeOfChannel(channel: string): ScopeId | undefined;
  /** Wakes the gateways that watch a run: JSON of a RunStreamEntry with its number. */
  runChannel(runId: string): string;
  runOfChannel(channel: string): string | undefined;
  runStream(runId: string): string;
  /** Holds the attempt that may append. */
  runAttempt(runId: string): string;
  /** Pokes workers to look at a run's stop flag: the message is the run's id. */
  stopChannel: string;
  /** A gateway's own echo, by which readiness proves that it can publish and hear itself. */
  echoChannel(gatewayId: string): string;
  adapterKey: string;
  queuePrefix: string;
  limiterPrefix: string;
  presenceKey(scope: ScopeId): string;
}

export function redisNames(prefix: string): RedisNames {
  const scopes = `${prefix}:scope:`;
  const runs = `${prefix}:run:`;
  return {
    scopeChannel: (scope) => scopes + scope,
    scopeOfChannel: (channel) => (channel.startsWith(scopes) ? (channel.slice(scopes.length) as ScopeId) : undefined),
    runChannel: (runId) => runs + runId,
    runOfChannel: (channel) => (channel.startsWith(runs) ? channel.slice(runs.length) : undefined),
    runStream: (runId) => `${prefix}:{run:${runId}}:stream`,
    runAttempt: (runId) => `${prefix}:{run:${runId}}:attempt`,
    stopChannel: `${prefix}:stop`,
    echoChannel: (gatewayId) => `${prefix}:echo:${gatewayId}`,
    adapterKey: `${prefix}:sio`,
    queuePrefix: `${prefix}:queue`,
    limiterPrefix: `${prefix}:limit`,
    presenceKey: (scope) => `${prefix}:presence:${scope}`,
  };
}
