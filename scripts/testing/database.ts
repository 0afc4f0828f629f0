/**
 * A database for a test suite.
 *
 *     const database = await createTestDatabase();      // in beforeAll, of x.pg.test.ts or x.stack.test.ts
 *     … database.url …
 *     await database.drop();                            // in afterAll
 *
 * The file's suffix decides which servers run; asking for one that the suffix does not promise throws.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export interface TestDatabase {
  url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/** A migrated, empty database of its own, copied from the run's template (some 50 ms). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  if (server === undefined) throw new Error('this file has no Postgres: call it *.pg.test.ts or *.stack.test.ts');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOn(server, `create database ${name} template template_muster strategy file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runOn(server, `drop database if exists ${name} with (force)`) };
}

async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
