import type pg from 'pg';

/** Runs `work` on one connection, as one transaction. What it throws rolls back, and is thrown. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let fault: Error | undefined;
  try {
    await client.query('begin');
    const answer = await work(client);
    await client.query('commit');
    return answer;
  } catch (error) {
    fault = error as Error;
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    // A connection on which something failed may be broken: the pool makes another.
    client.release(fault);
  }
}
