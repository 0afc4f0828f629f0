import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** Clients: one browser profile, or one script, of one user each. Commit writes them. */
export const createClientRepository = (db: Reader) => ({
  /** Whose a client id is; undefined for one that never committed anything. A merged guest's is the person's. */
  findOwner: async (clientId: string): Promise<string | undefined> => {
    const { rows } = await sql<{ owner: string }>`
      select coalesce(p.merged_into, c.principal_id) as owner
      from client c left join principal p on p.id = c.principal_id where c.id = ${clientId}`.execute(db);
    return rows[0]?.owner;
  },
});
export type ClientRepository = ReturnType<typeof createClientRepository>;
