import type { PastChange } from '@muster/protocol/http-history';
import type { ScopeId } from '@muster/protocol/id';
import { AGENT_ID } from '@muster/protocol/principal';
import { sql, type RawBuilder } from 'kysely';

/**
 * Whether a change touched one of the tasks `ids`, a text[]: in two halves, each with an index of its own. Most changes
 * touch one task, and a B-tree takes the next row at a fraction of what GIN does.
 */
const touchesAny = (change: 'c' | 'o', ids: RawBuilder<unknown>) => {
  const touched = sql.ref(`${change}.touched`);
  return sql`((cardinality(${touched}) = 1 and ${touched}[1] = any (${ids}))
    or (cardinality(${touched}) > 1 and ${touched} && ${ids}))`;
};

/** A scope with the reader's role in it, as of the statement. No row where it is absent, gone or not theirs to see. */
export const held = (scope: ScopeId, principalId: string) => sql`
  select * from (select s.id, s.head_seq as head, s.history_floor as floor, effective_role(s.acl_id, ${principalId}) as role
    from scope s where s.id = ${scope} and s.gone is null) h where h.role is not null`;

/** What nobody did: keys of a list's order that were made short again. */
const isUpkeep = sql`(c.actor = ${AGENT_ID} and c.actor_for is null)`;

const familyOf = (taskId: string) => sql`(select array_agg(t.id) from (select ${taskId}::text as id
  union all select t.id from task t where t.parent_id = ${taskId}) t)::text[]`;

/** Seqs of a task's changes in the scope `held`: its own, those of the sub-tasks it has, and of those that came or went. */
export const seqsOfTask = (taskId: string) => sql`
  select c.seq, c.actor from held, (
    select c.scope_id, c.seq, c.actor from change c
    where not ${isUpkeep} and ${touchesAny('c', familyOf(taskId))}
    offset 0) c
  where c.scope_id = held.id and c.seq > held.floor`;

/** Seqs of a list's changes; the scope by its value, so that its log is read from the end and no further than asked. */
export const seqsOfList = (scope: ScopeId) => sql`
  select c.seq, c.actor from change c
  where c.scope_id = ${scope} and c.seq > (select floor from held) and not ${isUpkeep}`;

/** One by one by their key, whatever the planner thinks of how many they are (`offset 0` keeps it from joining). */
const pickedChanges = sql`(select c.* from held cross join picked
  cross join lateral (select * from change c where c.scope_id = held.id and c.seq = picked.seq offset 0) c
  where not ${isUpkeep} and c.effects <> '[]')`;

/**
 * The changes of `picked` (seqs of the scope `held`) as history tells them, and the titles of the tasks in them:
 * columns `items` and `titles`, both json. What was erased, and what nobody did, is not told.
 */
export const tellPicked = (principalId: string): RawBuilder<unknown> => sql`
  (select coalesce(json_agg(json_build_object('seq', c.seq, 'at', c.at, 'txnId', c.txn_id, 'actor', c.actor,
      'kind', coalesce(p.kind, 'erased'), 'for', c.actor_for, 'runId', c.run_id, 'threadId', (${threadSeen(principalId)}),
      'effects', c.effects, 'prev', c.prev, 'overwrote', c.overwrote, 'moved', m.moved) order by c.seq desc), '[]'::json)
    from ${pickedChanges} c
    left join principal p on p.id = c.actor
    cross join lateral (${otherHalves(principalId)}) m) as items,
  (select coalesce(json_object_agg(t.id, t.title), '{}'::json) from held
    cross join (select distinct unnest(c.touched) as id from ${pickedChanges} c) i
    cross join lateral (select t.id, t.title from task t where t.id = i.id and t.scope_id = held.id offset 0) t) as titles`;

/** The conversation in which a run was asked for, to those who may read it. */
const threadSeen = (principalId: string) => sql`
  select case when effective_role(s.acl_id, ${principalId}) is not null then substr(s.id, 8) end
  from run r join scope s on s.id = r.scope_id and s.gone is null where r.id = c.run_id`;

/** Where the tasks of `c` came from or went to: changes of the same transaction in other lists. */
const otherHalves = (principalId: string) => sql`
  select json_agg(json_strip_nulls(json_build_object('ids', tasks.ids,
    'listId', case when os.role is not null then substr(o.scope_id, 6) end,
    'title', case when os.role is not null then l.title end,
    'seq', case when os.role is not null then o.seq end))) as moved
  from (select array_agg(e ->> 'id') as ids from jsonb_array_elements(c.effects) e
    where e ->> 'type' = 'task' and e ->> 'op' in ('put', 'del')) own
  join change o on ${touchesAny('o', sql`own.ids`)}
    and o.txn_id = c.txn_id and o.scope_id <> c.scope_id
  cross join lateral (select json_agg(e ->> 'id') as ids from jsonb_array_elements(o.effects) e
    where e ->> 'type' = 'task' and e ->> 'op' in ('put', 'del') and e ->> 'id' = any (own.ids)) tasks
  left join lateral (select effective_role(s.acl_id, ${principalId}) as role from scope s
    where s.id = o.scope_id and s.gone is null) os on true
  left join list l on l.scope_id = o.scope_id
  where tasks.ids is not null`;

export interface PastRow {
  seq: number;
  at: number;
  txnId: string;
  actor: string;
  kind: PastChange['actor']['kind'];
  for: string | null;
  runId: string | null;
  threadId: string | null;
  effects: { op: string; type: string; id: string }[];
  prev: unknown[];
  overwrote: PastChange['overwrote'] | null;
  moved: PastChange['moved'] | null;
}

export function toPastChange(row: PastRow): PastChange {
  const { seq, at, txnId, actor, kind, runId, threadId, effects, prev, overwrote, moved } = row;
  return {
    seq,
    at,
    txnId,
    actor: { id: actor, kind, ...(row.for === null ? {} : { for: row.for }) },
    ...(runId === null ? {} : { runId }),
    ...(threadId === null ? {} : { threadId }),
    effects: effects.map((effect, index) => ({ ...effect, prev: prev[index] ?? null })) as PastChange['effects'],
    ...(overwrote === null ? {} : { overwrote }),
    ...(moved === null ? {} : { moved }),
  };
}
