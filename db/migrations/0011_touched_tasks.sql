-- Expands: which tasks' histories tell of a change, written with it. The index of 0007 found that out by three paths
-- through json for every row, a tenth of what Postgres does for a write; the process that decides knows it anyway.
-- Null where a change touched no task.
alter table change add column touched text[] collate "C";

-- The tasks that a change touched, and the parents that they have or had: for changes that were stored without it.
create function touched_tasks(p_effects jsonb, p_prev jsonb) returns text[] language sql immutable as $$
  select array_agg(distinct t.id) from (
    select e ->> 'id' as id from jsonb_array_elements(p_effects) e where e ->> 'type' = 'task'
    union all
    select coalesce(e -> 'value', e -> 'fields') ->> 'parentId' from jsonb_array_elements(p_effects) e
      where e ->> 'type' = 'task'
    union all
    select b.prev ->> 'parentId' from jsonb_array_elements(p_prev) with ordinality b (prev, n)
      where p_effects -> (b.n - 1)::integer ->> 'type' = 'task'
  ) t where t.id is not null
$$;

-- As before, with the new column: the last in a row of p_changes. A process of the version before does not send it.
create or replace function commit_persist(
  p_scopes jsonb,
  p_clients jsonb,
  p_changes jsonb,
  p_new_tasks jsonb,
  p_old_tasks jsonb,
  p_more jsonb
) returns integer language plpgsql volatile as $$
declare
  v_count integer := 0;
  r jsonb;
begin
  if p_more is not null then
    perform commit_persist_more(p_more);
  end if;
  if p_new_tasks is not null then
    insert into task (id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids, pos,
      created_at, created_by, deleted_at, deleted_txn, field_seq)
    select t ->> 0, t ->> 1, t ->> 2, t ->> 3, t ->> 4, (t ->> 5)::boolean, (t ->> 6)::bigint, nullif(t -> 7, 'null'), t ->> 8,
      t -> 9, t -> 10, t ->> 11, (t ->> 12)::bigint, t ->> 13, (t ->> 14)::bigint, t ->> 15, t -> 16
    from jsonb_array_elements(p_new_tasks) t;
  end if;
  if jsonb_array_length(p_old_tasks) = 1 then
    r := p_old_tasks -> 0;
    update task set scope_id = r ->> 1, parent_id = r ->> 2, title = r ->> 3, notes = r ->> 4, done = (r ->> 5)::boolean,
      done_at = (r ->> 6)::bigint, due = nullif(r -> 7, 'null'), priority = r ->> 8, assignee_ids = r -> 9,
      label_ids = r -> 10, pos = r ->> 11, deleted_at = (r ->> 14)::bigint, deleted_txn = r ->> 15, field_seq = r -> 16
      where id = r ->> 0;
  elsif p_old_tasks is not null then
    update task o set scope_id = t ->> 1, parent_id = t ->> 2, title = t ->> 3, notes = t ->> 4, done = (t ->> 5)::boolean,
      done_at = (t ->> 6)::bigint, due = nullif(t -> 7, 'null'), priority = t ->> 8, assignee_ids = t -> 9,
      label_ids = t -> 10, pos = t ->> 11, deleted_at = (t ->> 14)::bigint, deleted_txn = t ->> 15, field_seq = t -> 16
    from jsonb_array_elements(p_old_tasks) t where o.id = t ->> 0;
  end if;
  if p_old_tasks is not null then
    get diagnostics v_count = row_count;
    if v_count <> jsonb_array_length(p_old_tasks) then
      raise exception 'commit: % of % tasks were there to update', v_count, jsonb_array_length(p_old_tasks);
    end if;
  end if;
  if p_clients is not null then
    update client c set last_mid = (u ->> 1)::bigint from jsonb_array_elements(p_clients) u where c.id = u ->> 0;
  end if;
  if jsonb_array_length(p_scopes) = 1 then
    r := p_scopes -> 0;
    update scope set head_seq = (r ->> 1)::bigint, head_at = (r ->> 2)::bigint, size = (r ->> 3)::integer where id = r ->> 0;
  elsif p_scopes is not null then
    update scope s set head_seq = (u ->> 1)::bigint, head_at = (u ->> 2)::bigint, size = (u ->> 3)::integer
    from jsonb_array_elements(p_scopes) u where s.id = u ->> 0;
  end if;
  if jsonb_array_length(p_changes) = 1 then
    r := p_changes -> 0;
    insert into change (scope_id, seq, txn_id, actor, actor_for, client_id, mid, nonce, run_id, call_id, acl_epoch, base,
      effects, prev, overwrote, at, touched)
    values (r ->> 0, (r ->> 1)::bigint, r ->> 2, r ->> 3, r ->> 4, r ->> 5, (r ->> 6)::bigint, r ->> 7, r ->> 8, r ->> 9,
      (r ->> 10)::bigint, (r ->> 11)::bigint, r -> 12, r -> 13, nullif(r -> 14, 'null'), (r ->> 15)::bigint,
      case when jsonb_array_length(r) > 16 then (r ->> 16)::text[] else touched_tasks(r -> 12, r -> 13) end);
    return 1;
  elsif p_changes is not null then
    insert into change (scope_id, seq, txn_id, actor, actor_for, client_id, mid, nonce, run_id, call_id, acl_epoch, base,
      effects, prev, overwrote, at, touched)
    select c ->> 0, (c ->> 1)::bigint, c ->> 2, c ->> 3, c ->> 4, c ->> 5, (c ->> 6)::bigint, c ->> 7, c ->> 8, c ->> 9,
      (c ->> 10)::bigint, (c ->> 11)::bigint, c -> 12, c -> 13, nullif(c -> 14, 'null'), (c ->> 15)::bigint,
      case when jsonb_array_length(c) > 16 then (c ->> 16)::text[] else touched_tasks(c -> 12, c -> 13) end
    from jsonb_array_elements(p_changes) c;
    get diagnostics v_count = row_count;
    return v_count;
  end if;
  return 0;
end $$;
