-- A commit in one flight (docs/decisions/0009): the process decided on what it remembered of these scopes, and all of that
-- is compared here before anything stays written. Returns the clock, or, negative, what was not as remembered; then nothing
-- is written, and the caller goes the way of two flights. It must stay volatile: each statement sees what was committed
-- before it began, hence the rights as they are once the acl's lock is held. Heads and mids are compared by the very
-- statement that locks their rows, which reads them as they are after the wait.
--
-- p_now: the time that was decided by, as far as the process could tell.
-- p_clients: [id, principal, mid before, mid after]; p_scopes: [id, head, at, size, head before, size before, acl];
-- p_roles: [acl, subject, role, epoch]; the others as in commit_persist. Each kind sorted by id, since that is the order of
-- locks; those of a kind have different ids.
create or replace function commit_at_once(
  p_epoch text,
  p_now bigint,
  p_acls text[],
  p_clients jsonb,
  p_scopes jsonb,
  p_roles jsonb,
  p_changes jsonb,
  p_new_tasks jsonb,
  p_old_tasks jsonb
) returns bigint language plpgsql volatile as $$
declare
  v_acl text;
  v_count integer;
  v_asked integer;
  v_found integer;
  r jsonb;
begin
  foreach v_acl in array p_acls loop
    if pg_advisory_xact_lock_shared(hashtextextended(v_acl, 20260309)) is null then end if;
  end loop;

  -- A part of its own, which is undone where anything differs.
  begin
    -- A moment after the one now, or long before it, would tell others a wrong order.
    if clock_ms() - p_now not between 0 and 1000 then
      raise exception 'commit: time' using errcode = 'MU001', detail = '-5';
    end if;
    v_asked := jsonb_array_length(p_clients);
    if v_asked = 1 then
      r := p_clients -> 0;
      update client set last_mid = (r ->> 3)::bigint
        where id = r ->> 0 and principal_id = r ->> 1 and last_mid = (r ->> 2)::bigint;
    else
      update client c set last_mid = (u ->> 3)::bigint from jsonb_array_elements(p_clients) u
        where c.id = u ->> 0 and c.principal_id = u ->> 1 and c.last_mid = (u ->> 2)::bigint;
    end if;
    get diagnostics v_count = row_count;
    if v_count <> v_asked then
      raise exception 'commit: mids' using errcode = 'MU001', detail = '-1';
    end if;

    v_asked := jsonb_array_length(p_scopes);
    if v_asked = 1 then
      r := p_scopes -> 0;
      update scope set head_seq = (r ->> 1)::bigint, head_at = (r ->> 2)::bigint, size = (r ->> 3)::integer
        where id = r ->> 0 and head_seq = (r ->> 4)::bigint and size = (r ->> 5)::integer and acl_id = r ->> 6
          and gone is null;
    else
      update scope s set head_seq = (u ->> 1)::bigint, head_at = (u ->> 2)::bigint, size = (u ->> 3)::integer
        from jsonb_array_elements(p_scopes) u
        where s.id = u ->> 0 and s.head_seq = (u ->> 4)::bigint and s.size = (u ->> 5)::integer and s.acl_id = u ->> 6
          and s.gone is null;
    end if;
    get diagnostics v_count = row_count;
    if v_count <> v_asked then
      raise exception 'commit: heads' using errcode = 'MU001', detail = '-2';
    end if;

    v_asked := jsonb_array_length(p_roles);
    if v_asked = 1 then
      r := p_roles -> 0;
      select count(*) into v_found
        from log_epoch e
        join acl a on a.id = r ->> 0 and a.epoch = (r ->> 3)::bigint
        left join acl_grant g on g.acl_id = a.id and g.subject = r ->> 1 and (g.expires_at is null or g.expires_at > clock_ms())
        where e.epoch = p_epoch
          and r ->> 2 = case when a.parent_id is null then g.role else effective_role(a.id, r ->> 1) end;
    else
      select count(*) into v_found
        from log_epoch e
        cross join jsonb_array_elements(p_roles) u
        join acl a on a.id = u ->> 0 and a.epoch = (u ->> 3)::bigint
        left join acl_grant g on g.acl_id = a.id and g.subject = u ->> 1 and (g.expires_at is null or g.expires_at > clock_ms())
        where e.epoch = p_epoch
          and u ->> 2 = case when a.parent_id is null then g.role else effective_role(a.id, u ->> 1) end;
    end if;
    if v_found <> v_asked then
      raise exception 'commit: rights' using errcode = 'MU001', detail = '-3';
    end if;

    perform commit_persist(null, null, p_changes, p_new_tasks, p_old_tasks, null);
  exception
    when sqlstate 'MU001' then
      get stacked diagnostics v_acl = pg_exception_detail;
      return v_acl::bigint;
    when unique_violation then
      return -4;
  end;
  return clock_ms();
end $$;
