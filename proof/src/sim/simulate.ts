import { startTestPostgres } from '@muster/testing/services';
import pg from 'pg';
import { makePlan } from './plan/plan.ts';
import { runPlan } from './run-seed.ts';
import { Database } from './store/database.ts';
import type { SimOptions } from './options.ts';

export async function simulate({ seeds, first }: SimOptions): Promise<number> {
  const server = await startTestPostgres();
  const admin = new pg.Client(server.url);
  await admin.connect();
  await admin.query('create database sim0 template template_muster strategy file_copy');
  await admin.end();
  const url = new URL(server.url);
  url.pathname = '/sim0';
  const database = new Database(url.href);
  let bad = 0;
  const began = performance.now();
  try {
    for (let seed = first; seed < first + seeds; seed++) {
      const from = performance.now();
      const result = await runPlan(makePlan(seed), database, seeds === 1);
      if (seeds === 1) console.log(result.lines.join('\n'));
      console.log(
        seed,
        result.fingerprint,
        `${result.ops} ops ${result.changes} heard ${result.events} events ${(performance.now() - from).toFixed(0)} ms virtual ${result.virtualMs.toFixed(0)}`,
      );
      for (const { promise, what } of result.violations.slice(0, 4)) console.log('   ', promise, what.slice(0, 300));
      if (result.violations.length > 0) bad += 1;
    }
  } finally {
    console.log(`${seeds} seeds, ${bad} bad, ${((performance.now() - began) / seeds).toFixed(0)} ms a seed`);
    await database.close();
    await server.stop();
  }
  return bad === 0 ? 0 : 1;
}
