import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { withPostgres } from './with-postgres.ts';

/** Postgres waits up to 5 s for the last connections to go; a second try finds what came in between. */
const TRIES = 3;
const ASK_AGAIN_MS = 50;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Puts database `next` in the place of `live`, which is kept as `aside`, with gateways and workers connected: both get
 * their names in one transaction, so there is always one of the two, and a death in the middle leaves all as it was.
 *
 * The rename holds the database's lock while it waits for the last connection to go, so nobody comes in any more, and
 * meanwhile another connection sends away who is in.
 */
export async function swapDatabases(
  maintenanceUrl: string,
  { live, next, aside }: { live: string; next: string; aside: string | undefined },
): Promise<void> {
  await withPostgres(maintenanceUrl, (renaming) =>
    withPostgres(maintenanceUrl, async (ending) => {
      for (let tries = 1; ; tries++) {
        try {
          return await rename(renaming, ending, { live, next, aside });
        } catch (error) {
          await renaming.query('rollback').catch(() => undefined);
          const isBusy = (error as { code?: string }).code === '55006';
          if (!isBusy || tries === TRIES) throw error;
        }
      }
    }),
  );
}

async function rename(
  renaming: pg.Client,
  ending: pg.Client,
  { live, next, aside }: { live: string; next: string; aside: string | undefined },
): Promise<void> {
  let isDone = false;
  const names = [
    ...(aside === undefined ? [] : [`alter database ${quoted(live)} rename to ${quoted(aside)}`]),
    `alter database ${quoted(next)} rename to ${quoted(live)}`,
  ];
  const swap = async (): Promise<void> => {
    await renaming.query('begin');
    for (const sql of names) await renaming.query(sql);
    await renaming.query('commit');
  };
  const swapping = swap().finally(() => (isDone = true));
  // Awaited below; while the other loop works nobody else would hear it fail.
  swapping.catch(() => undefined);
  while (!isDone) {
    await ending.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = any ($1)', [
      [live, next],
    ]);
    await delay(ASK_AGAIN_MS);
  }
  await swapping;
}
