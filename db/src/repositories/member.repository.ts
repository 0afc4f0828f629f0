import type { InvitationResource, MemberResource } from '@muster/protocol/http-lists';
import { scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { sql } from 'kysely';
import { readVisible, type Reader, type Visible } from './visible.ts';

/** A link as stored: the secret is sealed. */
export interface StoredLink {
  id: string;
  role: Role;
  secretSealed: string;
  createdAt: number;
  expiresAt: number | null;
  uses: number;
}

/** Who is in a list, and the ways into it. */
export const createMemberRepository = (db: Reader) => ({
  /** By id. E-mail addresses are in it whoever asks: the caller shows them to owners only. */
  listOf: async (
    principalId: string,
    listId: string,
    { after, only, limit }: { after?: string | undefined; only?: string; limit: number },
  ): Promise<Visible<MemberResource> | undefined> => {
    const scope = scopeOf('list', listId);
    return readVisible(
      db,
      scope,
      principalId,
      sql`select json_strip_nulls(json_build_object('userId', g.subject, 'role', g.role, 'name', coalesce(p.name, ''),
          'kind', pr.kind, 'email', case when u."isAnonymous" then null else u.email end))::jsonb
          || jsonb_build_object('image', p.image) as item
        from acl_grant g join scope s on s.acl_id = g.acl_id join principal pr on pr.id = g.subject
        left join profile p on p.principal_id = g.subject left join "user" u on u.id = g.subject
        where s.id = ${scope} and g.subject > ${after ?? ''} and (${only === undefined} or g.subject = ${only ?? ''}) and (g.expires_at is null or g.expires_at > clock_ms())
        order by g.subject limit ${limit}`,
    );
  },

  /** Invitations that nobody has taken up yet. */
  listInvitations: async (principalId: string, listId: string): Promise<Visible<InvitationResource> | undefined> => {
    const scope = scopeOf('list', listId);
    return readVisible(
      db,
      scope,
      principalId,
      sql`select json_build_object('id', i.id, 'email', i.email, 'role', i.role, 'expiresAt', i.expires_at, 'mail',
          case when m.id is null then 'off' when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end) as item
        from invitation i join scope s on s.acl_id = i.acl_id
        left join mail m on m.kind = 'invitation' and m.data ->> 'invitationId' = i.id
        where s.id = ${scope} and i.taken_at is null and i.revoked_at is null
          and (i.expires_at is null or i.expires_at > clock_ms()) order by i.id limit 1000`,
    );
  },

  /** Links that still let someone in. */
  listLinks: async (principalId: string, listId: string): Promise<Visible<StoredLink> | undefined> => {
    const scope = scopeOf('list', listId);
    return readVisible(
      db,
      scope,
      principalId,
      sql`select json_build_object('id', k.id, 'role', k.role, 'secretSealed', k.secret_sealed, 'createdAt', k.created_at,
          'expiresAt', k.expires_at, 'uses', k.uses) as item
        from link k join scope s on s.acl_id = k.acl_id
        where s.id = ${scope} and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_ms())
        order by k.id limit 1000`,
    );
  },

  /** The list behind a link, by its secret's hash; `ownRole` is the asker's. Undefined: no such link, or it has ended. */
  findLink: async (
    secretHash: string,
    principalId: string,
  ): Promise<{ linkId: string; listId: string; title: string; role: Role; ownRole: Role | null } | undefined> => {
    const { rows } = await sql<{ linkId: string; listId: string; title: string; role: Role; ownRole: Role | null }>`
      select k.id as "linkId", l.id as "listId", l.title, k.role, effective_role(k.acl_id, ${principalId}) as "ownRole"
      from link k join scope s on s.id = k.acl_id and s.gone is null join list l on l.scope_id = s.id
      where k.secret_hash = ${secretHash} and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_ms())
    `.execute(db);
    return rows[0];
  },

  /** Open invitations to a person's address. @param onlyVerified none, unless the address is known to be theirs */
  listInvitationsFor: async (
    principalId: string,
    { onlyVerified }: { onlyVerified: boolean },
  ): Promise<{ invitationId: string; listId: string }[]> => {
    const { rows } = await sql<{ invitationId: string; listId: string }>`
      select i.id as "invitationId", substr(i.acl_id, 6) as "listId" from "user" u join invitation i on i.email = lower(u.email)
      where u.id = ${principalId} and (u."isAnonymous" is null or not u."isAnonymous")
        and (not ${onlyVerified}::boolean or u."emailVerified")
        and i.taken_at is null and i.revoked_at is null and (i.expires_at is null or i.expires_at > clock_ms())
      order by i.id limit 100`.execute(db);
    return rows;
  },
});
export type MemberRepository = ReturnType<typeof createMemberRepository>;
