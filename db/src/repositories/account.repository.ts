import type { ScopeId } from '@muster/protocol/id';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** A Better Auth user, as far as the rest of the product knows them. */
export interface AccountRead {
  id: string;
  kind: 'person' | 'guest';
  name: string;
  image: string | null;
}

const ACCOUNT = sql`json_build_object('id', u.id, 'name', u.name, 'image', u.image,
  'kind', case when u."isAnonymous" then 'guest' else 'person' end)`;

export const createAccountRepository = (db: Reader) => ({
  /**
   * Makes principal, profile, acl and an empty `user:<id>` where they are not there yet; a guest that became a person is
   * told by `mergedInto`.
   */
  ensure: async ({ id, kind, name, image }: AccountRead): Promise<{ mergedInto: string | null; was: string[] }> => {
    await sql`select ensure_principal(${id}, ${kind}, ${name}, ${image})`.execute(db);
    const { rows } = await sql<{ mergedInto: string | null; was: string[] }>`
      select merged_into as "mergedInto", array(select g.id from principal g where g.merged_into = p.id order by g.id) as was
      from principal p where p.id = ${id}`.execute(db);
    return rows[0] ?? { mergedInto: null, was: [] };
  },

  /** @returns the kind, and the scopes whose readers see this profile; undefined where there is none, or nothing changed */
  updateProfile: async (
    id: string,
    { name, image }: { name: string; image: string | null },
  ): Promise<{ kind: 'person' | 'guest'; scopes: ScopeId[] } | undefined> => {
    const { rows } = await sql<{ kind: 'person' | 'guest'; scopes: ScopeId[] }>`
      with changed as (
        update profile set name = ${name}, image = ${image}
        where principal_id = ${id} and (name, image) is distinct from (${name}, ${image}::text) returning principal_id
      )
      select p.kind, array(select g.acl_id from acl_grant g where g.subject = p.id order by g.acl_id) as scopes
      from changed c join principal p on p.id = c.principal_id`.execute(db);
    return rows[0];
  },

  findUser: async (id: string): Promise<AccountRead | undefined> => {
    const { rows } = await sql<{
      item: AccountRead;
    }>`select ${ACCOUNT} as item from "user" u where u.id = ${id}`.execute(db);
    return rows[0]?.item;
  },

  /** Erased, or being erased: locked out for good. */
  isErased: async (id: string): Promise<boolean> => {
    const { rows } = await sql<{ isErased: boolean }>`
      select exists (select from principal where id = ${id} and kind = 'erased') as "isErased"`.execute(db);
    return rows[0]?.isErased === true;
  },

  /** A session that has not expired. */
  findSession: async (id: string): Promise<{ user: AccountRead; expiresAt: number } | undefined> => {
    const { rows } = await sql<{ user: AccountRead; expiresAt: number }>`
      select ${ACCOUNT} as user, extract(epoch from s."expiresAt")::float8 * 1000 as "expiresAt"
      from "session" s join "user" u on u.id = s."userId" where s.id = ${id} and s."expiresAt" > now()`.execute(db);
    return rows[0];
  },

  /**
   * Lets whoever has the token choose a new password, as Better Auth does once it has been asked to.
   * @returns whether there is an account with a password under this address
   */
  allowNewPassword: async (email: string, token: string, ttlMs: number): Promise<boolean> => {
    const { numAffectedRows } = await sql`
      insert into "verification" (id, identifier, value, "expiresAt", "createdAt", "updatedAt")
      select gen_random_uuid(), ${`reset-password:${token}`}, u.id, now() + ${ttlMs}::float8 * interval '1 millisecond', now(), now()
      from "user" u where lower(u.email) = lower(${email}) and u."isAnonymous" is not true`.execute(db);
    return (numAffectedRows ?? 0n) > 0n;
  },

  /** The zone of a person's settings. */
  findZone: async (id: string): Promise<string | undefined> => {
    const { rows } = await sql<{ zone: string | null }>`select zone from settings where id = ${id}`.execute(db);
    return rows[0]?.zone ?? undefined;
  },
});
export type AccountRepository = ReturnType<typeof createAccountRepository>;
