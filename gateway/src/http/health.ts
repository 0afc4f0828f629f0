import { createHash, timingSafeEqual } from 'node:crypto';
import { pendingMigrations, type Queryable } from '@muster/db/migrate';
import type { Redis } from 'ioredis';
import type { GatewayContext } from '../gateway-context.ts';
import type { Context } from './context.ts';

const CHECK_TIMEOUT_MS = 2_000;

export interface Health {
  isReady: boolean;
  checks: Record<'postgres' | 'redis' | 'migrations' | 'bus' | 'accepting', boolean>;
}

/** Whether this gateway can serve: every part is asked at once, and none may keep the answer waiting. */
export function createHealth({
  database,
  redis,
  bus,
  isAccepting,
}: Pick<GatewayContext, 'bus' | 'isAccepting'> & { database: Queryable; redis: Redis }) {
  let isMigrated = false;
  return async (): Promise<Health> => {
    const [postgres, migrations, redisAnswers, hears] = await Promise.all([
      within(database.query('select 1').then(() => true)),
      // Migrations are never taken back: once is enough.
      isMigrated || within(pendingMigrations(database).then((pending) => pending.length === 0)),
      within(redis.ping().then((answer) => answer === 'PONG')),
      within(bus.isHearing()),
    ]);
    isMigrated = migrations;
    const checks = { postgres, redis: redisAnswers, migrations, bus: hears, accepting: isAccepting() };
    return { isReady: Object.values(checks).every(Boolean), checks };
  };
}

async function within(check: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  const isFine = await Promise.race([check.catch(() => false), late]);
  clearTimeout(timer);
  return isFine;
}

/** `/healthz`, `/readyz`, `/health` and `/metrics`. @returns false for any other address */
export function createHealthRoutes({
  askHealth,
  gatewayId,
  metrics,
  settings,
}: Pick<GatewayContext, 'gatewayId' | 'metrics' | 'settings'> & { askHealth: () => Promise<Health> }) {
  const startedAt = Date.now();
  return async (ctx: Context): Promise<boolean> => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false;
    switch (ctx.path) {
      case '/healthz':
        ctx.body = { status: 'ok' };
        break;
      case '/readyz': {
        const { isReady, checks } = await askHealth();
        ctx.status = isReady ? 200 : 503;
        // `now`: whoever cannot make sense of us can see whether it is their clock.
        ctx.body = { status: isReady ? 'ready' : 'not ready', checks, now: Date.now() };
        break;
      }
      case '/health': {
        const { isReady, checks } = await askHealth();
        const broken = Object.entries(checks).filter(([, isFine]) => !isFine);
        ctx.status = isReady ? 200 : 503;
        ctx.type = 'application/json';
        ctx.body = JSON.stringify(
          {
            status: isReady ? 'ok' : 'degraded',
            summary: isReady ? 'Everything works.' : `Not working: ${broken.map(([name]) => name).join(', ')}.`,
            gateway: gatewayId,
            uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
            checks,
          },
          null,
          2,
        );
        break;
      }
      case '/metrics':
        // To those who may not read it there is no such address.
        if (!mayReadMetrics(ctx, settings.metrics)) return false;
        ctx.type = metrics.contentType;
        ctx.body = await metrics.text();
        break;
      default:
        return false;
    }
    ctx.state.route = ctx.path;
    ctx.set('cache-control', 'no-store');
    return true;
  };
}

function mayReadMetrics(ctx: Context, { isOpen, token }: GatewayContext['settings']['metrics']): boolean {
  if (isOpen) return true;
  if (token === undefined) return false;
  const [given, wanted] = [ctx.get('authorization'), `Bearer ${token}`].map((text) =>
    createHash('sha256').update(text).digest(),
  );
  return timingSafeEqual(given!, wanted!);
}
