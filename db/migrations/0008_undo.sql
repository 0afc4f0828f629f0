-- Undo that refuses to clobber a later change says whose it was, and what one overwrote of another's can be found again.

-- [scope, type, id, field or *] → [the same, actor, kind, for]: who last wrote it, among the scope's last 2,000 changes.
-- Asked only where a condition of a mutation does not hold. Patches write what they name; puts and dels write all.
create function commit_load_authors(p jsonb) returns json language sql volatile as $$
  select json_agg(json_build_array(k, a.actor, coalesce(p.kind, 'erased'), a.actor_for))
  from jsonb_array_elements(p) k
  cross join lateral (
    select c.actor, c.actor_for from change c
    where c.scope_id = k ->> 0 and c.seq > (select head_seq - 2000 from scope where id = k ->> 0)
      and exists (select from jsonb_array_elements(c.effects) e
        where e ->> 'type' = k ->> 1 and e ->> 'id' = k ->> 2
          and (e ->> 'op' <> 'patch' or (k ->> 3 <> '*' and e -> 'fields' ? (k ->> 3))))
    order by c.seq desc limit 1
  ) a
  left join principal p on p.id = a.actor
$$;

-- A rare thing in the log, found by whose words were lost. Changes that overwrote nothing are not in it.
create index change_overwrote on change using gin (overwrote jsonb_path_ops) where overwrote is not null;

-- What a person has seen of their overwritten words and let be: `n` counts within the change.
create table conflict_dismissal (
  principal_id text collate "C" not null,
  scope_id text collate "C" not null,
  seq bigint not null,
  n integer not null,
  at bigint not null default clock_ms(),
  constraint conflict_dismissal_pkey primary key (principal_id, scope_id, seq, n)
);
