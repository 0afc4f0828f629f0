import type { WireEntity } from '@muster/protocol/entity';
import type { PastChange } from '@muster/protocol/http-history';
import { scopeOf } from '@muster/protocol/id';
import type { PrincipalKind, Profiles } from '@muster/protocol/principal';
import { sql, type RawBuilder } from 'kysely';
import { memberOf, toStored, toTask, type Row } from '../mappers.ts';
import { held, seqsOfList, seqsOfTask, tellPicked, toPastChange, type PastRow } from './history-sql.ts';
import { walkBack, type Undoing } from './walk-back.ts';
import type { Reader } from './visible.ts';

/** Changes that one page looks through for those of one person. */
const MOST_SEEN = 10_000;
/** A page of history ends behind the change that passes this: what is stored is smaller than what is told. */
const PAGE_BYTES = 400_000;
/** Changes between now and the earliest moment that can be looked at: about a second of work. */
export const MOST_BACK = 50_000;
const TASKS_PER_PAGE = 5_000;

export interface HistorySearch {
  taskId?: string | undefined;
  actorId?: string | undefined;
  /** Only what was before this change. */
  before?: number | undefined;
  limit: number;
}

export interface HistoryRead {
  items: PastChange[];
  titles: Record<string, string>;
  /** Go on before this change; left out where there is nothing older. */
  next?: number;
}

/** What one asks of the past: a change, a time, or neither for now. */
export interface Moment {
  seq?: number | undefined;
  at?: number | undefined;
}

export interface PastList {
  seq: number;
  at: number;
  from: number;
  head: number;
  change?: PastChange;
  titles: Record<string, string>;
  entities: WireEntity[];
  /** Tasks of these that have not even a tombstone any more. */
  lost: string[];
  /** Tasks go on behind this id. */
  next?: string;
}

/** The log read backwards: who did what, and what a list was like. */
export const createHistoryRepository = (db: Reader) => ({
  /** A list's changes, newest first. Undefined: absent, or not theirs to see. */
  listOf: async (principalId: string, listId: string, search: HistorySearch): Promise<HistoryRead | undefined> => {
    const { taskId, actorId, before = Number.MAX_SAFE_INTEGER, limit } = search;
    const seen = actorId === undefined || taskId !== undefined ? limit + 1 : MOST_SEEN;
    const isAny = actorId === undefined;
    const scope = scopeOf('list', listId);
    const { rows } = await sql<{ items: PastRow[]; titles: Record<string, string>; last: number | null }>`
      with held as materialized (${held(scope, principalId)}),
      seen as materialized (select c.seq, c.actor from (${taskId === undefined ? seqsOfList(scope) : seqsOfTask(taskId)}) c
        where c.seq < ${before}::bigint ${taskId !== undefined && !isAny ? sql`and c.actor = ${actorId}` : sql``}
        order by c.seq desc limit ${seen}),
      sized as (select s.seq, sum(pg_column_size(c.effects) + pg_column_size(c.prev)) over (order by s.seq desc) as bytes,
          row_number() over (order by s.seq desc) as nth
        from seen s cross join held
        cross join lateral (select * from change c where c.scope_id = held.id and c.seq = s.seq offset 0) c
        where ${isAny} or s.actor = ${actorId ?? ''}),
      picked as materialized (select seq from sized where nth <= ${limit} and (nth = 1 or bytes <= ${PAGE_BYTES}))
      select ${tellPicked(principalId)}, (select case
          when exists (select from sized where seq < (select min(seq) from picked)) then (select min(seq) from picked)
          when (select count(*) from seen) = ${seen} then (select min(seq) from seen) end) as last
      from held`.execute(db);
    const found = rows[0];
    if (!found) return undefined;
    const { items, titles, last } = found;
    return { items: items.map(toPastChange), titles, ...(last === null ? {} : { next: last }) };
  },

  /**
   * A list as it was, from how it is now and what each later change replaced: one statement, hence one moment.
   * @returns `tooFar` with how far one can look; undefined where it is absent, or not theirs to see
   */
  findAt: async (
    principalId: string,
    listId: string,
    { seq, at }: Moment,
    after: string | undefined,
  ): Promise<PastList | { tooFar: { from: number; head: number } } | undefined> => {
    const scope = scopeOf('list', listId);
    const wanted: RawBuilder<unknown> =
      seq !== undefined
        ? sql`${seq}::bigint`
        : at === undefined
          ? sql`held.head`
          : sql`coalesce((select c.seq from change c where c.scope_id = held.id and c.seq > held.floor and c.at <= ${at}::bigint
              order by c.seq desc limit 1), 0)`;
    const isFirst = after === undefined;
    const { rows } = await sql<Found>`
      with held as materialized (${held(scope, principalId)}),
      picked as materialized (select x.seq, held.head, greatest(held.floor, held.head - ${MOST_BACK}, 1) as least
        from held cross join lateral (select ${wanted} as seq) x),
      undone as materialized (select c.seq, e.nth, e.e ->> 'op' as op, e.e ->> 'type' as type, e.e ->> 'id' as id,
          c.prev -> (e.nth - 1)::int as prev
        from picked join change c on c.scope_id = ${scope} and c.seq > picked.seq
          and picked.seq between picked.least and picked.head
        cross join lateral jsonb_array_elements(c.effects) with ordinality e(e, nth)
        where (e.e ->> 'type' = 'task' and e.e ->> 'id' > ${after ?? ''} collate "C")
          or (${isFirst} and e.e ->> 'type' in ('list', 'label', 'member'))),
      whole as (select distinct on (type, id) type, id, seq, nth, prev from undone where op <> 'patch'
        order by type, id, seq, nth),
      -- Of several values the last given stays: the oldest.
      fields as (select u.type, u.id, jsonb_object_agg(f.key, f.value order by u.seq desc, u.nth desc) as fields
        from undone u left join whole w using (type, id) cross join lateral jsonb_each(u.prev) f
        where u.op = 'patch' and (w.seq is null or (u.seq, u.nth) < (w.seq, w.nth)) group by u.type, u.id),
      undoing as (select type, id, w.seq is not null as "isWhole", w.prev as whole, f.fields
        from whole w full join fields f using (type, id))
      select ${tellPicked(principalId)}, picked.seq::int as seq, picked.least::int as least, picked.head::int as head,
        -- A change that is no longer kept was made before the one that followed it.
        coalesce((select c.at from change c where c.scope_id = held.id and c.seq >= picked.seq order by c.seq limit 1), 0) as at,
        (select json_agg(u order by u.id collate "C") from (
          (select * from undoing where type <> 'task')
          union all (select * from undoing where type = 'task' order by id collate "C" limit ${TASKS_PER_PAGE})) u) as undoing,
        (select json_agg(u.id) from undoing u where u.type = 'task'
          and not exists (select from task t where t.id = u.id)) as lost,
        (select json_agg(to_json(t) order by t.id) from (select id, scope_id, parent_id, title, notes, done, done_at, due,
            priority, assignee_ids, label_ids, pos, created_at, created_by from task
          where scope_id = held.id and deleted_at is null and id > ${after ?? ''} collate "C"
          order by id limit ${TASKS_PER_PAGE}) t) as tasks,
        (select json_agg(to_json(l)) from list l where l.scope_id = held.id and ${isFirst}) as lists,
        (select json_agg(to_json(b)) from label b where b.scope_id = held.id and ${isFirst}) as labels,
        (select json_agg(g.*) from (select acl_id as acl, subject, role from acl_grant
          where acl_id = held.id and (expires_at is null or expires_at > clock_ms()) and ${isFirst}) g) as members
      from held join picked on true`.execute(db);
    const found = rows[0];
    if (!found) return undefined;
    const { head, least, titles } = found;
    if (found.seq < least || found.seq > head) return { tooFar: { from: least, head } };
    const change = found.items[0] && toPastChange(found.items[0]);
    const { entities, next } = walkBack(presentOf(found), found.undoing ?? [], TASKS_PER_PAGE);
    return {
      seq: found.seq,
      at: found.at,
      from: least,
      head,
      ...(change ? { change } : {}),
      titles,
      entities,
      lost: (found.lost ?? []).filter((id) => entities.some((entity) => entity.type === 'task' && entity.id === id)),
      ...(next === undefined ? {} : { next }),
    };
  },

  /** Names of whoever a page speaks of; a guest who signed up has the name of the person that they became. */
  readProfiles: async (ids: string[]): Promise<Profiles> => {
    const { rows } = await sql<{ id: string; name: string; image: string | null; kind: PrincipalKind }>`
      select p.id, f.name, f.image, coalesce(h.kind, p.kind) as kind
      from principal p left join principal h on h.id = p.merged_into
      join profile f on f.principal_id = coalesce(h.id, p.id) where p.id = any (${ids})`.execute(db);
    return Object.fromEntries(rows.map(({ id, ...profile }) => [id, profile]));
  },
});
export type HistoryRepository = ReturnType<typeof createHistoryRepository>;

interface Found {
  items: PastRow[];
  titles: Record<string, string>;
  seq: number;
  least: number;
  head: number;
  at: number;
  undoing: Undoing[] | null;
  lost: string[] | null;
  tasks: Row<'task'>[] | null;
  lists: Row<'list'>[] | null;
  labels: Row<'label'>[] | null;
  members: { acl: string; subject: string; role: string }[] | null;
}

function presentOf({ tasks, lists, labels, members }: Found): WireEntity[] {
  const stored = [
    ...(lists ?? []).map((row) => toStored('list', row)),
    ...(labels ?? []).map((row) => toStored('label', row)),
    ...(members ?? []).map(({ acl, subject, role }) => memberOf(acl, subject, role)),
    ...(tasks ?? []).map((row) => toTask(row)),
  ];
  return stored.map(({ type, id, value }) => ({ type, id, value: value as unknown as Record<string, unknown> }));
}
