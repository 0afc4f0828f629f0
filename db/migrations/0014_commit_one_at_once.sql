-- A commit in one flight of the most common batch by far, a single mutation of a person in a single scope that writes one
-- task at most: as commit_at_once, with the same answers, but with its values as arguments. Taking forty of them out of
-- json costs Postgres a quarter of such a commit: each is an expression with conversions that are looked up anew.
create function commit_one_at_once(
  p_epoch text, p_now bigint,
  p_acl text, p_role text, p_acl_epoch bigint,
  p_client text, p_principal text, p_mid bigint, p_nonce text,
  p_scope text, p_head bigint, p_head_at bigint, p_size integer, p_size_before integer,
  p_txn text, p_actor text, p_base bigint, p_effects jsonb, p_prev jsonb, p_overwrote jsonb, p_touched text[],
  p_task text, p_is_new boolean, p_parent text, p_title text, p_notes text, p_done boolean, p_done_at bigint, p_due jsonb,
  p_priority text, p_assignees jsonb, p_labels jsonb, p_pos text, p_created_at bigint, p_created_by text,
  p_deleted_at bigint, p_deleted_txn text, p_field_seq jsonb
) returns bigint language plpgsql volatile as $$
declare
  v_is_allowed boolean;
  v_reason text;
begin
  if pg_advisory_xact_lock_shared(hashtextextended(p_acl, 20260309)) is null then end if;

  begin
    if clock_ms() - p_now not between 0 and 1000 then
      raise exception 'commit: time' using errcode = 'MU001', detail = '-5';
    end if;
    update client set last_mid = p_mid where id = p_client and principal_id = p_principal and last_mid = p_mid - 1;
    if not found then
      raise exception 'commit: mids' using errcode = 'MU001', detail = '-1';
    end if;
    update scope set head_seq = p_head, head_at = p_head_at, size = p_size
      where id = p_scope and head_seq = p_head - 1 and size = p_size_before and acl_id = p_acl and gone is null;
    if not found then
      raise exception 'commit: heads' using errcode = 'MU001', detail = '-2';
    end if;
    select p_role = case when a.parent_id is null then g.role else effective_role(a.id, p_principal) end into v_is_allowed
      from log_epoch e
      join acl a on a.id = p_acl and a.epoch = p_acl_epoch
      left join acl_grant g on g.acl_id = a.id and g.subject = p_principal
        and (g.expires_at is null or g.expires_at > clock_ms())
      where e.epoch = p_epoch;
    if v_is_allowed is not true then
      raise exception 'commit: rights' using errcode = 'MU001', detail = '-3';
    end if;

    if p_is_new then
      insert into task (id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids, pos,
        created_at, created_by, deleted_at, deleted_txn, field_seq)
      values (p_task, p_scope, p_parent, p_title, p_notes, p_done, p_done_at, p_due, p_priority, p_assignees, p_labels,
        p_pos, p_created_at, p_created_by, p_deleted_at, p_deleted_txn, p_field_seq);
    elsif p_task is not null then
      update task set parent_id = p_parent, title = p_title, notes = p_notes, done = p_done, done_at = p_done_at,
        due = p_due, priority = p_priority, assignee_ids = p_assignees, label_ids = p_labels, pos = p_pos,
        deleted_at = p_deleted_at, deleted_txn = p_deleted_txn, field_seq = p_field_seq
        where id = p_task;
      if not found then
        raise exception 'commit: the task to update is not there';
      end if;
    end if;
    insert into change (scope_id, seq, txn_id, actor, client_id, mid, nonce, acl_epoch, base, effects, prev, overwrote, at,
      touched)
    values (p_scope, p_head, p_txn, p_actor, p_client, p_mid, p_nonce, p_acl_epoch, p_base, p_effects, p_prev, p_overwrote,
      p_head_at, p_touched);
  exception
    when sqlstate 'MU001' then
      get stacked diagnostics v_reason = pg_exception_detail;
      return v_reason::bigint;
    when unique_violation then
      return -4;
  end;
  return clock_ms();
end $$;
