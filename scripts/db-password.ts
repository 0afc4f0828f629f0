/** `npm run db:password -- <email> [--data .data]`: a one-time way to a new password, where no mail is set up. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createDatabase, createPool } from '@muster/db/connection';
import { createAccountRepository } from '@muster/db/repositories/account.repository';
import { findDatabase } from './database/find-database.ts';
import { DEFAULT_DATA } from './launch/options.ts';
import { readRunFile } from './launch/run-file.ts';

const TTL_MS = 3_600_000;

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' } } });
  const [email] = positionals;
  if (email === undefined) throw new Error('Name the account: npm run db:password -- someone@example.org');
  const db = createDatabase(createPool({ connectionString: findDatabase(values.data, process.env).url, max: 1 }));
  const token = randomBytes(18).toString('base64url');
  const isKnown = await createAccountRepository(db)
    .allowNewPassword(email, token, TTL_MS)
    .finally(() => db.destroy());
  if (!isKnown) throw new Error(`There is no account with the address ${email} here.`);
  const origin = process.env['PUBLIC_URL'] ?? readRunFile(values.data ?? DEFAULT_DATA)?.url ?? 'https://<your address>';
  console.log(`Works once, for an hour, for whoever has it:\n${origin.replace(/\/+$/u, '')}/reset-password#${token}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
