import type { ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { sql, type QueryExecutorProvider, type RawBuilder } from 'kysely';

/** What reads run on: a Kysely or a transaction. */
export type Reader = QueryExecutorProvider;

/** What a scope holds, to one who may see it. */
export interface Visible<T> {
  role: Role;
  items: T[];
}

/**
 * Reads rows of a scope and the right to see them in one statement, hence of one moment: a right that was lost between
 * two statements would still show what came after it.
 *
 * @param rows a `select` of one column `item` (jsonb or json), ordered and limited
 * @returns undefined where the scope is absent, gone or not `principalId`'s to see: the same answer
 */
export async function readVisible<T>(
  db: Reader,
  scope: ScopeId,
  principalId: string,
  rows: RawBuilder<unknown>,
): Promise<Visible<T> | undefined> {
  const { rows: found } = await sql<{ role: Role; items: T[] }>`
    select held.role, coalesce((select json_agg(r.item) from (${rows}) r), '[]'::json) as items
    from (select effective_role(s.acl_id, ${principalId}) as role from scope s where s.id = ${scope} and s.gone is null) held
    where held.role is not null`.execute(db);
  return found[0];
}
