-- Mail that is to be sent. The row is written with what it tells of, so none is forgotten; the worker looks for what is
-- due, sends it and says so here. `data` holds what the mail says (a one-time link among it) and goes once it is sent.
create table mail (
  id text collate "C" not null default gen_random_uuid()::text,
  kind text not null,
  email text not null,
  data jsonb not null,
  created_at bigint not null default clock_ms(),
  -- Later it would be of no use.
  expires_at bigint not null,
  attempts integer not null default 0,
  next_at bigint not null default clock_ms(),
  sent_at bigint,
  failed_at bigint,
  -- The server's answer to the last attempt, without addresses.
  error text,
  constraint mail_pkey primary key (id)
);
create index mail_due on mail (next_at) where sent_at is null and failed_at is null;
create index mail_invitation on mail ((data ->> 'invitationId')) where kind = 'invitation';

-- Every invitation is told by mail, whichever way it was made; it is tried for a day.
create function mail_invitation() returns trigger language plpgsql as $$
begin
  insert into mail (kind, email, data, expires_at)
    values ('invitation', new.email, jsonb_build_object('invitationId', new.id), clock_ms() + 86400000);
  return new;
end
$$;
create trigger invitation_mailed after insert on invitation for each row execute function mail_invitation();
