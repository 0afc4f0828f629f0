import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDatabase, createPool } from './connection.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Ends all connections of an application, as a server that stops does. */
async function terminate(application: string): Promise<void> {
  const operator = createPool({ connectionString: database.url, max: 1 });
  await operator.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
    application,
  ]);
  await operator.end();
}

test('a connection that dies while it is used fails its work, and nothing else', async () => {
  const errors: Error[] = [];
  const application = 'dies-in-use';
  const pool = createPool({
    ...{ connectionString: database.url, application_name: application, max: 2 },
    onError: (error) => errors.push(error),
  });
  const db = createDatabase(pool);
  // Held, and between two statements: nobody waits for an answer who could be given the fault.
  const client = await pool.connect();
  await client.query('select 1');
  const inWork = sql`select pg_sleep(60)`.execute(db).then(
    () => 'done',
    (error: Error) => error.message,
  );
  await vi.waitFor(async () => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where application_name = $1 and query like '%pg_sleep(60)%' and state = 'active'`,
      [application],
    );
    expect(rows[0]?.n).toBe(2);
  });
  await terminate(application);
  expect(await inWork).toMatch(/terminat/);
  await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(2));
  await expect(client.query('select 1')).rejects.toThrow();
  client.release(true);
  // The pool may still hand out the other dead one, until it has heard of its end.
  await vi.waitFor(async () =>
    expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]),
  );
  await db.destroy();
});
