-- Personal API tokens: found by their hash; the secret is told once and not kept. A token is a session to sockets too
-- (they rest on its id), so a revoked one closes them.
create table api_token (
  id text collate "C" primary key,
  principal_id text collate "C" not null,
  name text not null,
  secret_hash text collate "C" not null constraint api_token_secret_hash unique,
  created_at bigint not null default clock_ms(),
  expires_at bigint,
  last_used_at bigint,
  revoked_at bigint
);
create index api_token_principal on api_token (principal_id, id);
