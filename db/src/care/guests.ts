import type pg from 'pg';

/**
 * Guests come back by their session only. One without a session (or a token) is given a day on which they go; one who
 * came in time is given none.
 *
 * @returns guests whose day has come
 */
export async function findExpiredGuests(pool: pg.Pool, afterMs: number, limit: number): Promise<string[]> {
  const isHere = `(exists (select from "session" s where s."userId" = p.id and s."expiresAt" > now())
    or exists (select from api_token t where t.principal_id = p.id and t.revoked_at is null
      and (t.expires_at is null or t.expires_at > clock_ms())))`;
  await pool.query(
    `update principal p set expires_at = case when ${isHere} then null else clock_ms() + $1::bigint end
     where p.kind = 'guest' and p.merged_into is null and (p.expires_at is null) <> ${isHere}`,
    [afterMs],
  );
  const { rows } = await pool.query<{ id: string }>(
    `select id from principal p where p.kind = 'guest' and p.merged_into is null and p.expires_at < clock_ms() order by p.expires_at limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}
