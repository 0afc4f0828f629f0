import { connectionConfig } from '@muster/db/connection';
import pg from 'pg';

/** A connection for as long as `work` takes. */
export async function withPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connectionConfig({ connectionString: url, application_name: 'muster-database' }));
  // One that is ended from outside fails in the query that waits for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
