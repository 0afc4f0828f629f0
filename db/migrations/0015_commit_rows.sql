-- Expands: commit_at_once with its rows as rows. Postgres takes them in its binary format, so that nothing is quoted or
-- parsed twice, and no column is an expression that takes a piece of json and converts it: both were a third of its time
-- for a batch of ten. commit_at_once itself stays for processes of the version before, and goes in a later release.
create type commit_client_row as (
  id text collate "C", principal text collate "C", mid_before bigint, mid bigint
);
create type commit_scope_row as (
  id text collate "C", head bigint, head_at bigint, size integer, head_before bigint, size_before integer,
  acl text collate "C"
);
create type commit_acl_row as (id text collate "C", epoch bigint);
create type commit_role_row as (acl text collate "C", subject text collate "C", role text);
create type commit_task_row as (
  id text collate "C", scope_id text collate "C", parent_id text collate "C", title text, notes text, done boolean,
  done_at bigint, due jsonb, priority text, assignee_ids jsonb, label_ids jsonb, pos text collate "C", created_at bigint,
  created_by text collate "C", deleted_at bigint, deleted_txn text collate "C", field_seq jsonb
);
create type commit_change_row as (
  scope_id text collate "C", seq bigint, txn_id text collate "C", actor text collate "C", actor_for text collate "C",
  client_id text collate "C", mid bigint, nonce text collate "C", acl_epoch bigint, base bigint, effects jsonb,
  prev jsonb, overwrote jsonb, at bigint, touched text[]
);

create function commit_rows_at_once(
  p_epoch text,
  p_now bigint,
  p_acls commit_acl_row[],
  p_clients commit_client_row[],
  p_scopes commit_scope_row[],
  p_roles commit_role_row[],
  p_changes commit_change_row[],
  p_new_tasks commit_task_row[],
  p_old_tasks commit_task_row[]
) returns bigint language plpgsql volatile as $$
declare
  v_acl commit_acl_row;
  v_count integer;
  v_reason text;
begin
  foreach v_acl in array p_acls loop
    if pg_advisory_xact_lock_shared(hashtextextended(v_acl.id, 20260309)) is null then end if;
  end loop;

  -- A part of its own, which is undone where anything differs.
  begin
    -- A moment after the one now, or long before it, would tell others a wrong order.
    if clock_ms() - p_now not between 0 and 1000 then
      raise exception 'commit: time' using errcode = 'MU001', detail = '-5';
    end if;
    update client c set last_mid = u.mid from unnest(p_clients) u
      where c.id = u.id and c.principal_id = u.principal and c.last_mid = u.mid_before;
    get diagnostics v_count = row_count;
    if v_count <> cardinality(p_clients) then
      raise exception 'commit: mids' using errcode = 'MU001', detail = '-1';
    end if;

    update scope s set head_seq = u.head, head_at = u.head_at, size = u.size from unnest(p_scopes) u
      where s.id = u.id and s.head_seq = u.head_before and s.size = u.size_before and s.acl_id = u.acl and s.gone is null;
    get diagnostics v_count = row_count;
    if v_count <> cardinality(p_scopes) then
      raise exception 'commit: heads' using errcode = 'MU001', detail = '-2';
    end if;

    -- In statements of their own, which see the removal that the locks may have waited for.
    select count(*) into v_count
      from log_epoch e cross join unnest(p_acls) u join acl a on a.id = u.id and a.epoch = u.epoch
      where e.epoch = p_epoch;
    if v_count <> cardinality(p_acls) then
      raise exception 'commit: epochs' using errcode = 'MU001', detail = '-3';
    end if;
    select count(*) into v_count
      from unnest(p_roles) u
      join acl a on a.id = u.acl
      left join acl_grant g on g.acl_id = u.acl and g.subject = u.subject and (g.expires_at is null or g.expires_at > clock_ms())
      where u.role = case when a.parent_id is null then g.role else effective_role(a.id, u.subject) end;
    if v_count <> cardinality(p_roles) then
      raise exception 'commit: rights' using errcode = 'MU001', detail = '-3';
    end if;

    if cardinality(p_new_tasks) > 0 then
      insert into task (id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids, pos,
        created_at, created_by, deleted_at, deleted_txn, field_seq)
      select id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids, pos, created_at,
        created_by, deleted_at, deleted_txn, field_seq from unnest(p_new_tasks);
    end if;
    if cardinality(p_old_tasks) > 0 then
      update task o set scope_id = u.scope_id, parent_id = u.parent_id, title = u.title, notes = u.notes, done = u.done, done_at = u.done_at,
        due = u.due, priority = u.priority, assignee_ids = u.assignee_ids, label_ids = u.label_ids, pos = u.pos,
        deleted_at = u.deleted_at, deleted_txn = u.deleted_txn, field_seq = u.field_seq
        from unnest(p_old_tasks) u where o.id = u.id;
      get diagnostics v_count = row_count;
      if v_count <> cardinality(p_old_tasks) then
        raise exception 'commit: % of % tasks were there to update', v_count, cardinality(p_old_tasks);
      end if;
    end if;
    insert into change (scope_id, seq, txn_id, actor, actor_for, client_id, mid, nonce, acl_epoch, base, effects, prev,
      overwrote, at, touched)
    select scope_id, seq, txn_id, actor, actor_for, client_id, mid, nonce, acl_epoch, base, effects, prev, overwrote, at,
      touched from unnest(p_changes);
  exception
    when sqlstate 'MU001' then
      get stacked diagnostics v_reason = pg_exception_detail;
      return v_reason::bigint;
    when unique_violation then
      return -4;
  end;
  return clock_ms();
end $$;
