-- What the gateway's bus reads. Each function is stable, so that one call sees one moment: role, epochs, seq and content
-- belong together, with no transaction to open around them.

-- [id, acl, seq, epoch, logEpoch, gone, goneTo, floor, role]; role null for nobody in particular and for strangers
create function feed_head(p_scope text, p_principal text) returns json language sql stable as $$
  select json_build_array(s.id, s.acl_id, s.head_seq, a.epoch, (select epoch from log_epoch), s.gone, s.gone_to, s.floor_seq,
    case when p_principal is null then null
      when a.parent_id is null then (select g.role from acl_grant g where g.acl_id = s.acl_id and g.subject = p_principal
        and (g.expires_at is null or g.expires_at > clock_ms()))
      else effective_role(s.acl_id, p_principal) end)
  from scope s join acl a on a.id = s.acl_id where s.id = p_scope
$$;

-- A scope's changes after a seq, in order.
create function feed_changes(p_scope text, p_after bigint) returns json language sql stable as $$
  select json_agg(json_build_array(c.seq, c.at, c.txn_id, c.actor, coalesce(p.kind, 'erased'), c.actor_for, c.client_id,
    c.mid, c.run_id, c.effects, c.overwrote) order by c.seq)
  from change c left join principal p on p.id = c.actor
  where c.scope_id = p_scope and c.seq > p_after
$$;

-- A page of a scope's entities, behind (p_type, p_after), of about p_bytes: {tables: {name: [row]}, next}. Small kinds
-- come whole with the first page; those that grow come in the order of their ids, which no change moves.
create function feed_entities(p_scope text, p_type text, p_after text, p_bytes integer) returns json language plpgsql stable as $$
declare
  v_kind text := split_part(p_scope, ':', 1);
  v_types text[] := case v_kind when 'list' then array['task'] when 'thread' then array['message', 'run', 'run_item'] else '{}' end;
  v_type text;
  v_after text := coalesce(p_after, '');
  v_left integer := p_bytes;
  v_rows json;
  v_bytes bigint;
  v_last text;
  v_more boolean;
  v_next text;
  r json;
  tables jsonb := '{}';
begin
  if p_type is null and v_kind = 'list' then
    select json_build_object(
      'list', (select json_agg(to_json(t)) from list t where t.scope_id = p_scope),
      'label', (select json_agg(to_json(t)) from label t where t.scope_id = p_scope),
      'thread', (select json_agg(to_json(t)) from thread t where t.scope_id = p_scope),
      'member', (select json_agg(json_build_array(g.acl_id, g.subject, g.role)) from acl_grant g
        where g.acl_id = p_scope and (g.expires_at is null or g.expires_at > clock_ms())))
    into r;
    tables := r::jsonb;
  elsif p_type is null and v_kind = 'user' then
    select json_build_object(
      'membership', (select json_agg(to_json(t)) from membership t where t.scope_id = p_scope),
      'settings', (select json_agg(to_json(t)) from settings t where t.scope_id = p_scope),
      'thread', (select json_agg(to_json(t)) from thread t where t.scope_id = p_scope))
    into r;
    tables := r::jsonb;
  end if;
  if p_type is not null then
    v_types := v_types[array_position(v_types, p_type):];
  end if;
  foreach v_type in array v_types loop
    v_rows := null;
    v_more := false;
    if v_type = 'task' then
      select json_agg(to_json(x)), max(x.id), max(x.bytes), bool_or(x.is_cut) into v_rows, v_last, v_bytes, v_more from (
        select t.*, sum(octet_length(t.title) + octet_length(t.notes) + 500) over w as bytes,
          lead(t.id) over w is not null and sum(octet_length(t.title) + octet_length(t.notes) + 500) over w >= v_left as is_cut
        from (select id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids, pos,
            created_at, created_by from task
          where scope_id = p_scope and deleted_at is null and id > v_after order by id limit 5001) t
        window w as (order by t.id)) x
      where x.bytes - octet_length(x.title) - octet_length(x.notes) - 500 < v_left;
    elsif v_type = 'message' then
      select json_agg(to_json(x)), max(x.id), max(x.bytes), bool_or(x.is_cut) into v_rows, v_last, v_bytes, v_more from (
        select t.*, sum(2 * octet_length(t.text) + 400) over w as bytes,
          lead(t.id) over w is not null and sum(2 * octet_length(t.text) + 400) over w >= v_left as is_cut
        from (select * from message where scope_id = p_scope and id > v_after order by id limit 5001) t
        window w as (order by t.id)) x
      where x.bytes - 2 * octet_length(x.text) - 400 < v_left;
    elsif v_type = 'run' then
      select json_agg(to_json(x)), max(x.id), max(x.bytes), bool_or(x.is_cut) into v_rows, v_last, v_bytes, v_more from (
        select t.*, 400 * row_number() over w as bytes,
          lead(t.id) over w is not null and 400 * row_number() over w >= v_left as is_cut
        from (select * from run where scope_id = p_scope and id > v_after order by id limit 5001) t
        window w as (order by t.id)) x
      where x.bytes - 400 < v_left;
    else
      select json_agg(to_json(x)), max(x.run_id || ':' || lpad(x.n::text, 9, '0') collate "C"), max(x.bytes), bool_or(x.is_cut)
      into v_rows, v_last, v_bytes, v_more from (
        select t.*, sum(pg_column_size(t.body) * 2 + 300) over w as bytes,
          lead(t.n) over w is not null and sum(pg_column_size(t.body) * 2 + 300) over w >= v_left as is_cut
        from (select * from run_item where scope_id = p_scope and (run_id, n) >
            (split_part(v_after, ':', 1), coalesce(nullif(split_part(v_after, ':', 2), '')::int, -1))
          order by run_id, n limit 5001) t
        window w as (order by t.run_id, t.n)) x
      where x.bytes - pg_column_size(x.body) * 2 - 300 < v_left;
    end if;
    if v_rows is not null then
      tables := tables || jsonb_build_object(v_type, v_rows);
      -- A page may also end where the inner limit cut it.
      if v_more or json_array_length(v_rows) > 5000 then
        v_next := v_type || '|' || v_last;
        exit;
      end if;
      v_left := v_left - v_bytes;
    end if;
    v_after := '';
    if v_left <= 0 and v_type <> v_types[array_upper(v_types, 1)] then
      v_next := v_types[array_position(v_types, v_type) + 1] || '|';
      exit;
    end if;
  end loop;
  return json_build_object('tables', tables, 'next', v_next);
end $$;

-- Many scopes for one reader: [[head, changes or null, entities or null]], without those that are not theirs to see.
-- Changes where the log still holds what follows the position (same log, not below the floor) and they are few enough.
create function feed_read(p_principal text, p_wants jsonb, p_bytes integer, p_most_changes integer) returns json
language plpgsql stable as $$
declare
  v_want jsonb;
  v_head json;
  v_after bigint;
  v_parts json[] := '{}';
begin
  for v_want in select * from jsonb_array_elements(p_wants) loop
    v_head := feed_head(v_want ->> 0, p_principal);
    continue when v_head is null or v_head ->> 8 is null or v_head ->> 5 is not null;
    v_after := (v_want ->> 1)::bigint;
    if v_after is not null and v_want ->> 2 = v_head ->> 4 and v_after between (v_head ->> 7)::bigint and (v_head ->> 2)::bigint
      and (v_head ->> 2)::bigint - v_after <= p_most_changes
      and (select coalesce(sum(pg_column_size(effects)), 0) from change where scope_id = v_want ->> 0 and seq > v_after) <= p_bytes
    then
      v_parts := v_parts || json_build_array(v_head, coalesce(feed_changes(v_want ->> 0, v_after), '[]'), null);
    else
      v_parts := v_parts || json_build_array(v_head, null, feed_entities(v_want ->> 0, null, null, p_bytes));
    end if;
  end loop;
  return to_json(v_parts);
end $$;

-- A further page: [epoch, entities]; null for strangers.
create function feed_page(p_principal text, p_scope text, p_type text, p_after text, p_bytes integer) returns json
language plpgsql stable as $$
declare
  v_head json := feed_head(p_scope, p_principal);
begin
  if v_head is null or v_head ->> 8 is null or v_head ->> 5 is not null then
    return null;
  end if;
  return json_build_array((v_head ->> 3)::bigint, feed_entities(p_scope, p_type, p_after, p_bytes));
end $$;

-- For the repair of a gap: [head, changes]
create function feed_gap(p_scope text, p_after bigint) returns json language sql stable as $$
  select json_build_array(h, coalesce(feed_changes(p_scope, p_after), '[]'::json)) from feed_head(p_scope, null) h where h is not null
$$;

-- Members and epoch of one moment: [epoch, gone, goneTo, [[principal, role]]], rights up the parents included.
create function feed_members(p_scope text) returns json language sql stable as $$
  select json_build_array(a.epoch, s.gone, s.gone_to, (
    with recursive line as (
      select l.id, l.parent_id, 1 as depth from acl l where l.id = s.acl_id
      union all
      select p.id, p.parent_id, line.depth + 1 from acl p join line on p.id = line.parent_id where line.depth < 8
    )
    select json_agg(json_build_array(g.subject, g.role)) from line join acl_grant g on g.acl_id = line.id
    where g.expires_at is null or g.expires_at > clock_ms()))
  from scope s join acl a on a.id = s.acl_id where s.id = p_scope
$$;

-- Positioning: [[head], logEpoch, [session]], in one query. A personal API token is a session to its sockets.
create function feed_positions(p_scopes text[], p_sessions text[]) returns json language sql stable as $$
  select json_build_array(
    (select json_agg(json_build_array(s.id, s.acl_id, s.head_seq, a.epoch, null, s.gone, s.gone_to))
      from scope s join acl a on a.id = s.acl_id where s.id = any (p_scopes)),
    (select epoch from log_epoch),
    (select json_agg(v.id) from (
      select id from "session" where id = any (p_sessions) and "expiresAt" > now()
      union all
      select id from api_token where id = any (p_sessions) and revoked_at is null
        and (expires_at is null or expires_at > clock_ms())) v))
$$;
