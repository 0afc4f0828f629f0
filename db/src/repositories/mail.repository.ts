import type { Role } from '@muster/protocol/principal';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** What a mail tells; `url` is its one-time way in. */
export interface MailData {
  invitation: { invitationId: string };
  /** To somebody with an account, who is in the list already. */
  share: { invitationId: string };
  'password-reset': { url: string };
  verification: { url: string };
}
export type MailKind = keyof MailData;

/** A mail that is to be sent now. */
export type DueMail = {
  [K in MailKind]: { id: string; kind: K; email: string; data: MailData[K]; attempts: number };
}[MailKind];

export interface MailedInvitation {
  title: string;
  role: Role;
  inviter: string;
}

export interface MailedShare extends MailedInvitation {
  listId: string;
}

export interface ConfirmationRead {
  email: string;
  isConfirmed: boolean;
  mail: 'none' | 'waiting' | 'sent' | 'failed';
  askedAt: number | null;
  recent: number;
  oldestAt: number | null;
}

/** Of one kind to one address: whoever knows an address must not be able to fill its box. */
export const MOST_IN_AN_HOUR = 5;

/** Mail that waits for the worker: the row is written first, so none is forgotten. */
export const createMailRepository = (db: Reader) => ({
  /** @returns false where this address has been written to often enough */
  add: async <K extends MailKind>(kind: K, email: string, data: MailData[K], ttlMs: number): Promise<boolean> => {
    const { numAffectedRows } = await sql`
      insert into mail (kind, email, data, expires_at)
      select ${kind}, lower(${email}), ${JSON.stringify(data)}::jsonb, clock_ms() + ${ttlMs}::bigint
      where (select count(*) from mail where kind = ${kind} and email = lower(${email}) and created_at > clock_ms() - 3600000)
        < ${MOST_IN_AN_HOUR}`.execute(db);
    return (numAffectedRows ?? 0n) > 0n;
  },

  /** Takes the mail that is longest due. Nobody else gets it for `leaseMs`; whoever dies with it leaves it to them. */
  claim: async (leaseMs: number): Promise<DueMail | undefined> => {
    const { rows } = await sql<DueMail>`
      update mail set attempts = attempts + 1, next_at = clock_ms() + ${leaseMs}::bigint
      where id = (select id from mail where sent_at is null and failed_at is null and next_at <= clock_ms()
        order by next_at limit 1 for update skip locked)
      returning id, kind, email, data, attempts`.execute(db);
    return rows[0];
  },

  /** Its content is not needed any more; an invitation's id stays, for its owner to see that it went. */
  markSent: async (id: string): Promise<void> => {
    await sql`update mail set sent_at = clock_ms(), error = null, data = data - 'url' where id = ${id}`.execute(db);
  },

  /** @param retryMs when it is tried again, if it is of use then; null: never */
  markFailed: async (id: string, error: string, retryMs: number | null): Promise<void> => {
    await sql`
      update mail set error = ${error}, next_at = clock_ms() + ${retryMs ?? 0}::bigint,
        failed_at = case when ${retryMs === null} or expires_at <= clock_ms() + ${retryMs ?? 0}::bigint then clock_ms() end,
        data = case when ${retryMs === null} or expires_at <= clock_ms() + ${retryMs ?? 0}::bigint then data - 'url' else data end
      where id = ${id}`.execute(db);
  },

  /** What is of no use any more, since nobody sent it in time: as while no mail was set up. */
  expire: async (): Promise<void> => {
    await sql`update mail set failed_at = clock_ms(), error = coalesce(error, 'not sent in time'), data = data - 'url'
      where sent_at is null and failed_at is null and expires_at <= clock_ms()`.execute(db);
  },

  /** What an invitation's mail says; undefined once there is nothing to take up any more. */
  findInvitation: async (invitationId: string): Promise<MailedInvitation | undefined> => {
    const { rows } = await sql<MailedInvitation>`
      select l.title, i.role, coalesce(p.name, 'Somebody') as inviter
      from invitation i join scope s on s.id = i.acl_id and s.gone is null join list l on l.scope_id = s.id
      left join profile p on p.principal_id = i.invited_by
      where i.id = ${invitationId} and i.taken_at is null and i.revoked_at is null
        and (i.expires_at is null or i.expires_at > clock_ms())`.execute(db);
    return rows[0];
  },

  /**
   * Whether a person's address is confirmed, and the newest mail that asks for it; `recent` and `oldestAt`: of the last
   * hour. Undefined for guests.
   */
  findConfirmation: async (userId: string): Promise<ConfirmationRead | undefined> => {
    const { rows } = await sql<ConfirmationRead>`
      select u.email, coalesce(u."emailVerified", false) as "isConfirmed", m.created_at as "askedAt",
        case when m.id is null then 'none' when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end as mail,
        h.recent, h.oldest as "oldestAt"
      from "user" u
      left join lateral (select * from mail where kind = 'verification' and email = lower(u.email)
        order by created_at desc limit 1) m on true
      cross join lateral (select count(*)::int as recent, min(created_at) as oldest from mail
        where kind = 'verification' and email = lower(u.email) and created_at > clock_ms() - 3600000) h
      where u.id = ${userId} and u."isAnonymous" is not true`.execute(db);
    return rows[0];
  },

  /** What the mail of a share says; undefined where they are not in the list any more, or want no such mail. */
  findShare: async (invitationId: string): Promise<MailedShare | undefined> => {
    const { rows } = await sql<MailedShare>`
      select l.id as "listId", l.title, g.role, coalesce(p.name, 'Somebody') as inviter
      from invitation i join scope s on s.id = i.acl_id and s.gone is null join list l on l.scope_id = s.id
      join "user" u on u.email = i.email join acl_grant g on g.acl_id = i.acl_id and g.subject = u.id
      left join settings o on o.id = u.id
      left join profile p on p.principal_id = i.invited_by
      where i.id = ${invitationId} and i.taken_at is not null and o.share_mails is distinct from false
        and (g.expires_at is null or g.expires_at > clock_ms())`.execute(db);
    return rows[0];
  },
});
export type MailRepository = ReturnType<typeof createMailRepository>;
