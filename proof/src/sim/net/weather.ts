import type { Random } from '../random.ts';
import type { Moment } from '../store/commit-client.ts';

/** What one gateway suffers from just now. */
export interface GatewayWeather {
  /** Neither publishes nor hears. */
  isCutFromRedis: boolean;
  /** Nothing of it reaches anyone: SIGSTOP, seen from outside. */
  isFrozen: boolean;
  /** Questions to Postgres take this many times as long. */
  slowness: number;
  /** Questions to Postgres fail. */
  isCutFromPostgres: boolean;
  /** How long the next commit stands between its two flights. */
  pauseMs: number;
  /** And its clients lose their connections meanwhile. */
  cutsAtPause: boolean;
  /** The next commit's connection dies here. */
  breakAt: Moment | undefined;
  /** The process dies at the next publish, with the packets in its hands. */
  diesAtPublish: boolean;
}

/** What Redis does to the packets that pass. Probabilities. */
export interface RedisWeather {
  drop: number;
  duplicate: number;
  reorder: number;
  delay: number;
}

export const FAIR: RedisWeather = { drop: 0, duplicate: 0, reorder: 0, delay: 0 };

export const fairGateway = (): GatewayWeather => ({
  isCutFromRedis: false,
  isFrozen: false,
  slowness: 1,
  isCutFromPostgres: false,
  pauseMs: 0,
  cutsAtPause: false,
  breakAt: undefined,
  diesAtPublish: false,
});

/** How long things take when nothing is wrong: mostly next to nothing, now and then a moment. */
export const usualDelay = (random: Random): number =>
  random.chance(0.85) ? random.between(0.2, 3) : random.between(3, 25);
