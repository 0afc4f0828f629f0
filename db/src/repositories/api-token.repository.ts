import type { TokenResource } from '@muster/protocol/http-tokens';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

const TOKEN = sql`json_build_object('id', id, 'name', name, 'createdAt', created_at, 'expiresAt', expires_at, 'lastUsedAt', last_used_at)`;
/** `last_used_at` is for people: written at most once in this time, not at each request. */
const USED_EVERY_MS = 60_000;

export interface NewApiToken {
  id: string;
  principalId: string;
  name: string;
  secretHash: string;
  expiresAt: number | null;
  /** Stored with the token in one transaction, so that a repeat finds what the first one made. */
  idempotency?: { key: string; bodyHash: string; result: unknown } | undefined;
}

export const createApiTokenRepository = (db: Reader) => ({
  /** Whose a token is, while it is valid; notes that it was used. */
  findOwner: async (
    secretHash: string,
  ): Promise<{ id: string; principalId: string; expiresAt: number | null } | undefined> => {
    const { rows } = await sql<{
      item: { id: string; principalId: string; expiresAt: number | null; isStale: boolean };
    }>`
      select json_build_object('id', id, 'principalId', principal_id, 'expiresAt', expires_at,
        'isStale', coalesce(last_used_at, 0) < clock_ms() - ${USED_EVERY_MS}::bigint) as item
      from api_token
      where secret_hash = ${secretHash} and revoked_at is null and (expires_at is null or expires_at > clock_ms())`.execute(
      db,
    );
    const found = rows[0]?.item;
    if (found?.isStale) await sql`update api_token set last_used_at = clock_ms() where id = ${found.id}`.execute(db);
    return found && { id: found.id, principalId: found.principalId, expiresAt: found.expiresAt };
  },

  listOf: async (principalId: string): Promise<TokenResource[]> => {
    const { rows } = await sql<{ item: TokenResource }>`
      select ${TOKEN} as item from api_token
      where principal_id = ${principalId} and revoked_at is null and (expires_at is null or expires_at > clock_ms())
      order by id limit 1000`.execute(db);
    return rows.map((row) => row.item);
  },

  /**
   * @returns the token, or what an earlier request with the same key had stored; `bodyHash` tells whether it was the same
   *   request. Undefined: the person has `most` tokens already.
   */
  create: async (
    token: NewApiToken,
    most: number,
  ): Promise<{ made: TokenResource } | { earlier: { bodyHash: string; result: unknown } } | undefined> => {
    const { id, principalId, name, secretHash, expiresAt, idempotency } = token;
    const { rows } = await sql<{ made: TokenResource | null }>`
      with room as (select count(*) < ${most} as is_free from api_token where principal_id = ${principalId} and revoked_at is null),
      claim as (
        insert into idempotency (subject, key, body_hash, results, seqs, at)
        select ${principalId}, ${idempotency?.key ?? ''}, ${idempotency?.bodyHash ?? ''},
          ${JSON.stringify([idempotency?.result ?? null])}::jsonb, '{}'::jsonb, clock_ms()
        from room where is_free and ${idempotency !== undefined}
        on conflict do nothing returning 1
      ), made as (
        insert into api_token (id, principal_id, name, secret_hash, expires_at)
        select ${id}, ${principalId}, ${name}, ${secretHash}, ${expiresAt}::bigint from room
        where is_free and (${idempotency === undefined} or exists (select 1 from claim))
        returning ${TOKEN} as item
      ) select (select item from made) as made`.execute(db);
    const made = rows[0]?.made;
    if (made) return { made };
    if (idempotency === undefined) return undefined;
    const { rows: earlier } = await sql<{ bodyHash: string; results: unknown[] }>`
      select body_hash as "bodyHash", results from idempotency where subject = ${principalId} and key = ${idempotency.key}`.execute(
      db,
    );
    const found = earlier[0];
    return found && { earlier: { bodyHash: found.bodyHash, result: found.results[0] } };
  },

  /** A guest's tokens are their heir's from now on. @returns their ids: what was opened with them still says the guest */
  handOver: async (guestId: string, heirId: string): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`
      update api_token set principal_id = ${heirId} where principal_id = ${guestId} and revoked_at is null returning id`.execute(
      db,
    );
    return rows.map(({ id }) => id);
  },

  /** @returns whether it was there to revoke */
  revoke: async (principalId: string, id: string): Promise<boolean> => {
    const { rows } = await sql`
      update api_token set revoked_at = clock_ms()
      where id = ${id} and principal_id = ${principalId} and revoked_at is null returning id`.execute(db);
    return rows.length > 0;
  },
});
export type ApiTokenRepository = ReturnType<typeof createApiTokenRepository>;
