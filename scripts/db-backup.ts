/** `npm run db:backup [-- --out file] [--data .data]`: a backup of a product's database, while it works. */
import { parseArgs } from 'node:util';
import { backUp } from './database/back-up.ts';
import { findDatabase } from './database/find-database.ts';

try {
  const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
  const database = findDatabase(values.data, process.env);
  const { file, bytes } = await backUp({ database, out: values.out, env: process.env, now: new Date() });
  console.log(`Backed up to ${file} (${(bytes / 1e6).toFixed(1)} MB), and read back whole.`);
  console.log(`Back to it: npm run db:restore -- ${file}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
