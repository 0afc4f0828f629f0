import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type pg from 'pg';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import { usualDelay, type GatewayWeather } from './weather.ts';

export interface LateReads {
  time: VirtualTime;
  random: Random;
  weather: GatewayWeather;
  isDead(): boolean;
}

/**
 * A read takes time before Postgres looks, and again before its answer is heard: what happens in between is why the gate
 * and the fence are built as they are. The dead hear no answers.
 */
export function late<T>(ports: LateReads, ask: () => Promise<T>): Promise<T> {
  const { time, random, weather } = ports;
  const before = random.chance(0.5) ? 0 : usualDelay(random);
  const after = random.chance(0.3) ? 0 : usualDelay(random);
  return new Promise((resolve, reject) => {
    const fail = () => reject(Object.assign(new Error('Postgres is away'), { code: '57P01' }));
    const hear = (answer: () => void) => {
      const awake = () => {
        if (ports.isDead()) return;
        if (weather.isFrozen) time.after(50, awake);
        else answer();
      };
      time.after(after * weather.slowness, awake);
    };
    const look = () => {
      if (ports.isDead()) return;
      if (weather.isFrozen) return void time.after(50, look);
      if (weather.isCutFromPostgres) return fail();
      time.work.ask(ask).then(
        (found) => hear(() => resolve(found)),
        (error: Error) => hear(() => reject(error)),
      );
    };
    time.after(before * weather.slowness, look);
  });
}

export const lateFeed = (feed: FeedRepository, ports: LateReads): FeedRepository =>
  new Proxy(feed, {
    get(target, name) {
      const read = target[name as keyof FeedRepository] as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => late(ports, async () => inOrder(await read.apply(target, args)));
    },
  });

/**
 * Rows come in whatever order Postgres finds them, which hangs on how much it has vacuumed and counted so far: nothing may
 * hang on it, but a run would not repeat itself.
 */
function inOrder(found: unknown): unknown {
  if (Array.isArray(found)) return found.map(inOrder);
  if (found instanceof Map) return new Map([...(found as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (found === null || typeof found !== 'object') return found;
  const answer = found as { entities?: { type: string; id: string }[] };
  const keyOf = ({ type, id }: { type: string; id: string }) => `${type} ${id}`;
  answer.entities?.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const name of ['read', 'roles', 'members'] as const) {
    const within = found as Record<string, unknown>;
    if (within[name] !== undefined) within[name] = inOrder(within[name]);
  }
  return found;
}

export const latePool = (pool: pg.Pool, ports: LateReads): pg.Pool =>
  ({ query: (text: string, values: unknown[]) => late(ports, () => pool.query(text, values)) }) as unknown as pg.Pool;
