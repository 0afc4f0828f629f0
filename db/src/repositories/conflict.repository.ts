import type { Conflict } from '@muster/protocol/http-conflicts';
import { sql, type RawBuilder } from 'kysely';
import type { Reader } from './visible.ts';

/** More of them are told as this many. */
const MOST_COUNTED = 100;

/** What stands between one page and the next. */
export interface ConflictPlace {
  at: number;
  id: string;
}

/**
 * Losses of a person, of the guest that they were too, in lists that they may see now and that they have not let be.
 * One statement, hence one moment: a right that is lost is lost for all of it.
 */
const losses = (principalId: string): RawBuilder<unknown> => sql`
  select c.scope_id, c.seq, (o.n - 1)::integer as n, c.at, c.actor, c.actor_for, c.effects, o.lost, s.acl_id, held.role
  from (select id from principal where id = ${principalId} or merged_into = ${principalId}) me
  join change c on c.overwrote is not null and c.overwrote @> jsonb_build_array(jsonb_build_object('actor', me.id))
  cross join lateral jsonb_array_elements(c.overwrote) with ordinality o (lost, n)
  join scope s on s.id = c.scope_id and s.gone is null
  cross join lateral (select effective_role(s.acl_id, ${principalId}) as role) held
  where o.lost ->> 'actor' = me.id and held.role is not null
    and not exists (select from conflict_dismissal d where d.principal_id = ${principalId}
      and d.scope_id = c.scope_id and d.seq = c.seq and d.n = o.n - 1)`;

export const createConflictRepository = (db: Reader) => ({
  /** What others overwrote of a person's words without having seen them, newest first. */
  listOf: async (principalId: string, after: ConflictPlace | undefined, limit: number): Promise<Conflict[]> => {
    const { rows } = await sql<{ item: Conflict }>`
      with lost as (${losses(principalId)})
      select json_build_object(
        'id', l.scope_id || '/' || l.seq || '/' || l.n, 'listId', substr(l.scope_id, 6), 'listTitle', coalesce(h.title, ''),
        'taskId', l.lost ->> 'id', 'taskTitle', t.title, 'field', l.lost ->> 'field', 'yours', l.lost -> 'value',
        'theirs', (select e -> 'fields' -> (l.lost ->> 'field') from jsonb_array_elements(l.effects) e
          where e ->> 'id' = l.lost ->> 'id' and e -> 'fields' ? (l.lost ->> 'field') limit 1),
        'by', json_strip_nulls(json_build_object('id', l.actor, 'kind', coalesce(p.kind, 'erased'), 'for', l.actor_for)),
        'seq', l.seq, 'at', l.at,
        'canRestore', t.id is not null and t.role in ('owner', 'editor')) as item
      from lost l
      left join list h on h.scope_id = l.scope_id
      left join principal p on p.id = l.actor
      left join lateral (select t.id, t.title, effective_role(ts.acl_id, ${principalId}) as role
        from task t join scope ts on ts.id = t.scope_id and ts.gone is null
        where t.id = l.lost ->> 'id' and t.deleted_at is null) t on t.role is not null
      where ${after === undefined}
        or (l.at, l.scope_id || '/' || l.seq || '/' || l.n) < (${after?.at ?? 0}, ${after?.id ?? ''} collate "C")
      order by l.at desc, (l.scope_id || '/' || l.seq || '/' || l.n) collate "C" desc limit ${limit}`.execute(db);
    return rows.map(({ item }) => item);
  },

  /** How many there are, up to {@link MOST_COUNTED}. */
  count: async (principalId: string): Promise<number> => {
    const { rows } = await sql<{ total: number }>`
      select count(*)::integer as total from (${losses(principalId)} limit ${MOST_COUNTED}) l`.execute(db);
    return rows[0]?.total ?? 0;
  },

  /** The person has seen to these. What is not theirs is passed over. Undefined: all that there are. */
  dismiss: async (principalId: string, ids: string[] | undefined): Promise<void> => {
    await sql`
      insert into conflict_dismissal (principal_id, scope_id, seq, n)
      select ${principalId}, l.scope_id, l.seq, l.n from (${losses(principalId)}) l
      where ${ids === undefined} or l.scope_id || '/' || l.seq || '/' || l.n = any (${ids ?? []})
      on conflict do nothing`.execute(db);
  },
});
export type ConflictRepository = ReturnType<typeof createConflictRepository>;
