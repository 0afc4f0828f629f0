-- Who has an account is told by mail too that a list was shared with them: an invitation that was taken up the moment it
-- was made. Expands only: older processes leave the new columns out, and what they write means what it meant.

-- Null is on: an older process writes the row without it.
alter table settings add column share_mails boolean;

-- Two columns more in what 0002 made; the rest of the function stays as it is.
do $$
declare
  source text := pg_get_functiondef('commit_persist_more(jsonb)'::regprocedure);
  edits constant text[] := array[
    'single_keys = n.single_keys', 'single_keys = n.single_keys, share_mails = coalesce(n.share_mails, o.share_mails)',
    'insert into invitation (id, acl_id, email, role, invited_by, expires_at)',
    'insert into invitation (id, acl_id, email, role, invited_by, expires_at, taken_at)',
    'select id, acl_id, email, role, invited_by, expires_at from jsonb',
    'select id, acl_id, email, role, invited_by, expires_at, taken_at from jsonb'];
begin
  for n in 1 .. array_length(edits, 1) by 2 loop
    if position(edits[n] in source) = 0 then raise exception 'commit_persist_more has no "%"', edits[n]; end if;
    source := replace(source, edits[n], edits[n + 1]);
  end loop;
  execute source;
end $$;

create index mail_email on mail (email, created_at);

-- Whoever knows an address must not be able to fill its box: past 10 an hour the row says that none went.
create or replace function mail_invitation() returns trigger language plpgsql as $$
declare
  is_enough boolean := 10 <= (select count(*) from mail where email = new.email and kind in ('invitation', 'share')
    and created_at > clock_ms() - 3600000 and error is distinct from 'too many to this address');
begin
  insert into mail (kind, email, data, expires_at, failed_at, error)
    values (case when new.taken_at is null then 'invitation' else 'share' end, new.email,
      jsonb_build_object('invitationId', new.id), clock_ms() + 86400000,
      case when is_enough then clock_ms() end, case when is_enough then 'too many to this address' end);
  return new;
end
$$;
