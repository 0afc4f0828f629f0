/**
 * Writes src/schema.generated.ts from a migrated database, or says whether it is stale.
 *
 *     node db/scripts/generate-types.ts <database url> [--verify]
 *
 * With --verify it ends with 1, and one line, where the file does not match.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { migrate } from '../src/migrate.ts';

const OUT = fileURLToPath(new URL('../src/schema.generated.ts', import.meta.url));

export async function generateTypes(databaseUrl: string, isVerifying: boolean): Promise<boolean> {
  await migrate(databaseUrl);
  const codegen = join(dirname(createRequire(import.meta.url).resolve('kysely-codegen')), 'cli', 'bin.js');
  const args = [
    codegen,
    ...['--dialect', 'postgres', '--url', databaseUrl, '--out-file', OUT, '--log-level', 'error'],
    // The connection reads int8 as a number, and every one of ours is below 2^53.
    ...['--type-mapping', '{"int8":"number"}', '--exclude-pattern', 'migration'],
    ...(isVerifying ? ['--verify'] : []),
  ];
  try {
    await promisify(execFile)(process.execPath, args);
    return true;
  } catch (error) {
    if (!isVerifying) throw error;
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, flag] = process.argv.slice(2);
  if (url === undefined) throw new Error('usage: generate-types.ts <database url> [--verify]');
  if (!(await generateTypes(url, flag === '--verify'))) {
    console.error('db/src/schema.generated.ts does not match the migrations: run npm run generate');
    process.exitCode = 1;
  }
}
