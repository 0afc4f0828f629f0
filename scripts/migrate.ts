/** `npm run migrate`: brings the database of DATABASE_URL up to date. For deployments whose processes run MIGRATE=off. */
import { migrate } from '@muster/db/migrate';
import { ConfigError, databaseUrl, parseConfig } from '@muster/runtime/config';
import * as z from 'zod';

try {
  const { DATABASE_URL } = parseConfig(z.object({ DATABASE_URL: databaseUrl() }), process.env);
  const applied = await migrate(DATABASE_URL);
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}.`);
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : `The migration failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
