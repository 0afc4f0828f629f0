-- The tables. Migrations here expand, then contract: a new version only adds what the running one does not mind, and
-- what is no longer used goes in a later version. There are no down scripts.
--
-- Ids are UUIDs in lower case and compare as bytes (collate "C"), as `pos` does. Times are milliseconds since 1970.

create function clock_ms() returns bigint language sql volatile
  as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;

-- Whoever may act. A Better Auth user is a person or a guest with the same id and no foreign key: the anonymous plugin
-- deletes guests, while what they did keeps its author.
create table principal (
  id text collate "C" primary key,
  kind text not null constraint principal_kind check (kind in ('person', 'guest', 'visitor', 'agent', 'service', 'erased')),
  merged_into text collate "C",
  expires_at bigint,
  created_at bigint not null default clock_ms()
);
create index principal_merged_into on principal (merged_into) where merged_into is not null;

-- Outside the log: a new name is not a change in every list, and can be erased.
create table profile (
  principal_id text collate "C" primary key,
  name text not null,
  image text
);

-- Who may see what. A parent gives rights to all below it. `id` is the id of the scope that owns the rights.
create table acl (
  id text collate "C" primary key,
  parent_id text collate "C",
  epoch bigint not null default 1
) with (fillfactor = 50);

create table acl_grant (
  acl_id text collate "C" not null,
  subject text collate "C" not null,
  role text not null constraint acl_grant_role check (role in ('viewer', 'editor', 'owner')),
  expires_at bigint,
  created_at bigint not null default clock_ms(),
  constraint acl_grant_pkey primary key (acl_id, subject)
);
create index acl_grant_subject on acl_grant (subject);

create table link (
  id text collate "C" primary key,
  acl_id text collate "C" not null,
  role text not null,
  secret_hash text collate "C" not null constraint link_secret_hash unique,
  secret_sealed text not null,
  created_by text collate "C" not null,
  created_at bigint not null default clock_ms(),
  expires_at bigint,
  revoked_at bigint,
  used_at bigint,
  -- How often it was taken: its owner sees whether it went further than meant.
  uses integer not null default 0
);
create index link_acl on link (acl_id);

create table invitation (
  id text collate "C" primary key,
  acl_id text collate "C" not null,
  email text collate "C" not null,
  role text not null,
  invited_by text collate "C" not null,
  created_at bigint not null default clock_ms(),
  expires_at bigint,
  taken_at bigint,
  revoked_at bigint
);
create index invitation_acl on invitation (acl_id);
create index invitation_email on invitation (email);

-- The unit of order. `kind`: list, thread, user, later meeting; `gone`: deleted, moved. (What every commit writes has no
-- check constraints and no index without a reader: Postgres reads a check's expression anew for each statement.) `size` counts live entities; commit keeps it. `floor_seq` bounds catching up, `history_floor` history.
create table scope (
  id text collate "C" primary key,
  kind text not null,
  acl_id text collate "C" not null,
  head_seq bigint not null default 0,
  head_at bigint not null default 0,
  floor_seq bigint not null default 0,
  history_floor bigint not null default 0,
  size integer not null default 0,
  gone text,
  gone_to text collate "C",
  gone_at bigint
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index scope_acl on scope (acl_id);

-- The log. (client_id, mid) finds the first answer to a mutation that is sent again; a mutation over two scopes has two
-- rows, so it is not unique.
create table change (
  scope_id text collate "C" not null,
  seq bigint not null,
  txn_id text collate "C" not null,
  actor text collate "C" not null,
  actor_for text collate "C",
  client_id text collate "C",
  mid bigint,
  nonce text collate "C",
  run_id text collate "C",
  call_id text collate "C",
  acl_epoch bigint not null,
  base bigint,
  effects jsonb not null,
  prev jsonb not null,
  overwrote jsonb,
  at bigint not null,
  constraint change_pkey primary key (scope_id, seq)
);
create index change_client_mid on change (client_id, mid);

-- `silent`: of the last 256 mids those that left no change row, {mid: [nonce, first answer]}.
create table client (
  id text collate "C" primary key,
  principal_id text collate "C" not null,
  last_mid bigint not null default 0,
  silent jsonb not null default '{}'
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index client_principal on client (principal_id);

-- A new uuid whenever the log may have gone back (restore, failover). Read in every commit and open, never cached.
create table log_epoch (
  only_row boolean primary key default true constraint log_epoch_only_row check (only_row),
  epoch text collate "C" not null
);
insert into log_epoch (epoch) values (gen_random_uuid()::text);

create table list (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  title text not null,
  archived_at bigint,
  created_at bigint not null
);
create index list_scope on list (scope_id);

-- A deleted task stays as a tombstone, with the txn that deleted it, so that its sub-tasks return with it. `field_seq`:
-- {field: [seq, actor, client]} of the last change to a field that can lose a merge.
create table task (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  parent_id text collate "C",
  title text not null,
  notes text not null,
  done boolean not null,
  done_at bigint,
  due jsonb,
  priority text not null,
  assignee_ids jsonb not null,
  label_ids jsonb not null,
  pos text collate "C" not null,
  created_at bigint not null,
  created_by text collate "C" not null,
  deleted_at bigint,
  deleted_txn text collate "C",
  field_seq jsonb not null default '{}'
) with (fillfactor = 85);
create index task_place on task (scope_id, pos, id);
create index task_parent on task (parent_id) where parent_id is not null;

create table label (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  name text not null,
  color text not null
);
create index label_scope on label (scope_id, id);

create table membership (
  scope_id text collate "C" not null,
  id text collate "C" not null,
  role text not null,
  pos text collate "C" not null,
  muted boolean not null,
  seen_seq bigint not null,
  constraint membership_pkey primary key (scope_id, id)
) with (fillfactor = 70);

create table settings (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  locale text,
  zone text,
  week_start integer not null,
  theme text not null,
  single_keys boolean not null
);
create index settings_scope on settings (scope_id);

create table thread (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  kind text not null,
  title text not null,
  status text not null,
  created_at bigint not null,
  created_by text collate "C" not null
);
create index thread_scope on thread (scope_id, id);

create table message (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  role text not null,
  author_id text collate "C" not null,
  parts jsonb not null,
  text text not null,
  parent_id text collate "C",
  run_id text collate "C",
  file_ids jsonb not null,
  created_at bigint not null
);
create index message_scope on message (scope_id, id);

create table run (
  id text collate "C" primary key,
  scope_id text collate "C" not null,
  message_id text collate "C" not null,
  asker_id text collate "C" not null,
  zone text,
  locale text,
  status text not null constraint run_status
    check (status in ('queued', 'running', 'awaiting_approval', 'completed', 'failed', 'stopped')),
  attempt integer not null,
  stop_requested_by text collate "C",
  model text,
  usage jsonb,
  error jsonb,
  queued_at bigint not null,
  started_at bigint,
  ended_at bigint
) with (fillfactor = 70);
create index run_scope on run (scope_id, id);
-- One active run a thread.
create unique index run_one_active on run (scope_id) where status in ('running', 'awaiting_approval');
create index run_open on run (status, queued_at) where status in ('queued', 'running', 'awaiting_approval');

-- The worker's own, written directly: a heartbeat is not a change that anyone follows.
create table run_work (
  run_id text collate "C" primary key,
  heartbeat_at bigint not null,
  state jsonb
) with (fillfactor = 50);

create table run_item (
  run_id text collate "C" not null,
  n integer not null,
  scope_id text collate "C" not null,
  kind text not null,
  call_id text collate "C",
  body jsonb not null,
  state text not null,
  constraint run_item_pkey primary key (run_id, n)
);
create index run_item_scope on run_item (scope_id, run_id, n);

-- What makes a tool's effect happen once: its row, its effect and its result are one transaction.
create table tool_call (
  run_id text collate "C" not null,
  call_id text collate "C" not null,
  name text not null,
  args jsonb not null,
  result jsonb not null,
  seqs jsonb not null,
  attempt integer,
  at bigint not null,
  constraint tool_call_pkey primary key (run_id, call_id)
);

create table idempotency (
  subject text collate "C" not null,
  key text collate "C" not null,
  body_hash text collate "C" not null,
  results jsonb not null,
  seqs jsonb not null,
  at bigint not null,
  constraint idempotency_pkey primary key (subject, key)
);
create index idempotency_at on idempotency (at);

-- The agent acts for people; it holds no rights of its own.
insert into principal (id, kind) values ('00000000-0000-4000-8000-00000000a6e7', 'agent');
insert into profile (principal_id, name) values ('00000000-0000-4000-8000-00000000a6e7', 'Assistant');

-- Better Auth's tables, as its getMigrations prints them (plugins bearer, jwt, anonymous; generateId 'uuid', which
-- leaves ids to the database), but with ids as text, like all others.
create table "user" (
  "id" text collate "C" default gen_random_uuid()::text not null primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null,
  "isAnonymous" boolean
);
create table "session" (
  "id" text collate "C" default gen_random_uuid()::text not null primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text collate "C" not null references "user" ("id") on delete cascade
);
create table "account" (
  "id" text collate "C" default gen_random_uuid()::text not null primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text collate "C" not null references "user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz not null
);
create table "verification" (
  "id" text collate "C" default gen_random_uuid()::text not null primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null
);
create table "jwks" (
  "id" text collate "C" default gen_random_uuid()::text not null primary key,
  "publicKey" text not null,
  "privateKey" text not null,
  "createdAt" timestamptz not null,
  "expiresAt" timestamptz,
  "alg" text,
  "crv" text
);
create index "session_userId_idx" on "session" ("userId");
create index "account_userId_idx" on "account" ("userId");
create index "verification_identifier_idx" on "verification" ("identifier");

-- A principal's role in an acl: the highest up the parents; null for none.
create function effective_role(p_acl text, p_subject text) returns text language sql stable as $$
  with recursive line as (
    select id, parent_id, 1 as depth from acl where id = p_acl
    union all
    select a.id, a.parent_id, l.depth + 1 from acl a join line l on a.id = l.parent_id where l.depth < 8
  )
  select g.role from line l join acl_grant g on g.acl_id = l.id and g.subject = p_subject
  where g.expires_at is null or g.expires_at > clock_ms()
  order by array_position(array['owner', 'editor', 'viewer'], g.role) limit 1
$$;

-- Makes what a person needs to act: principal, profile, acl, grant and an empty user:<id>. Repeating it does nothing.
create function ensure_principal(p_id text, p_kind text, p_name text, p_image text) returns void language plpgsql as $$
begin
  insert into principal (id, kind) values (p_id, p_kind) on conflict do nothing;
  insert into profile (principal_id, name, image) values (p_id, p_name, p_image) on conflict do nothing;
  insert into acl (id) values ('user:' || p_id) on conflict do nothing;
  insert into acl_grant (acl_id, subject, role) values ('user:' || p_id, p_id, 'owner') on conflict do nothing;
  insert into scope (id, kind, acl_id) values ('user:' || p_id, 'user', 'user:' || p_id) on conflict do nothing;
end $$;
