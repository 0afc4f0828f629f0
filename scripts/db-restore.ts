/** `npm run db:restore -- file [--force] [--data .data]`: puts a backup in the place of a product's database. */
import { parseArgs } from 'node:util';
import { findDatabase, nameOfDatabase } from './database/find-database.ts';
import { describe, restore } from './database/restore.ts';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: 'string' }, force: { type: 'boolean' } },
  });
  const [file] = positionals;
  if (file === undefined) throw new Error('Name the backup: npm run db:restore -- .data/backups/muster-….dump');
  const { url } = findDatabase(values.data, process.env);
  const now = new Date();
  const say = (line: string): void => console.log(line);
  const done = await restore({ url, file, isForced: values.force === true, env: process.env, now, say });
  for (const name of done.migrations) say(`Migrated: ${name}.`);
  if (done.erased > 0) say(`Erased again: ${done.erased}.`);
  say(
    `The database is as it was on ${describe(done.madeAt, now)}. Gateways and clients take it from here by themselves.`,
  );
  if (done.aside !== undefined) {
    say(`The one that it replaced is kept as "${done.aside}", on the server of "${nameOfDatabase(url)}".`);
    say(`Once you do not need it: drop database "${done.aside}"`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
