import type { TaskResource } from '@muster/protocol/http-tasks';
import { scopeOf } from '@muster/protocol/id';
import { sql } from 'kysely';
import { createKnownZones } from './known-zones.ts';
import { readVisible, type Reader, type Visible } from './visible.ts';

/** A task as the wire has it; `due` is told without the keys that it lacks. */
const TASK = sql`json_build_object('id', t.id, 'listId', substr(t.scope_id, 6), 'parentId', t.parent_id, 'title', t.title,
  'notes', t.notes, 'done', t.done, 'doneAt', t.done_at, 'due', t.due, 'priority', t.priority,
  'assigneeIds', t.assignee_ids, 'labelIds', t.label_ids, 'pos', t.pos, 'createdAt', t.created_at, 'createdBy', t.created_by)`;

export interface TaskSearch {
  view?: 'today' | 'upcoming' | 'assigned' | undefined;
  /** Each must stand in the title or the notes. */
  words: string[];
  /** What day it is, and where: `2026-03-09`, `Europe/Berlin`. */
  today: string;
  zone: string;
  after?: { day: string; id: string } | undefined;
  limit: number;
}

const NO_DAY = '9999-12-31';

export const createTaskRepository = (db: Reader, zones = createKnownZones(db)) => ({
  /** A list's tasks in their order, sub-tasks among them. Undefined: the list is absent, or not theirs to see. */
  listOf: async (
    principalId: string,
    listId: string,
    {
      done,
      after,
      limit,
    }: { done?: boolean | undefined; after?: { pos: string; id: string } | undefined; limit: number },
  ): Promise<Visible<TaskResource> | undefined> => {
    const scope = scopeOf('list', listId);
    return readVisible(
      db,
      scope,
      principalId,
      sql`select ${TASK} as item from task t where t.scope_id = ${scope} and t.deleted_at is null
        and (${done === undefined} or t.done = ${done ?? false})
        and (${after === undefined} or (t.pos, t.id) > (${after?.pos ?? ''} collate "C", ${after?.id ?? ''} collate "C"))
        order by t.pos, t.id limit ${limit}`,
    );
  },

  /** Undefined: absent, deleted, or not theirs to see. */
  find: async (principalId: string, id: string): Promise<(TaskResource & { role: string }) | undefined> => {
    const { rows } = await sql<{ item: TaskResource; role: string }>`
      select ${TASK} as item, held.role from task t join scope s on s.id = t.scope_id and s.gone is null
      cross join lateral (select effective_role(s.acl_id, ${principalId}) as role) held
      where t.id = ${id} and t.deleted_at is null and held.role is not null`.execute(db);
    const found = rows[0];
    return found && { ...found.item, role: found.role };
  },

  /** Whether days can be told in it: Node knows more zones than Postgres. */
  knowsZone: (zone: string): Promise<boolean> => zones.has(zone),

  /**
   * Open tasks of all lists of a person that are not archived, by day and id; those without a day last. Where Postgres
   * cannot tell the instant (a zone that it does not know, the year 0000) the day is the one that was written.
   */
  search: async (principalId: string, search: TaskSearch): Promise<(TaskResource & { day: string })[]> => {
    const { view, words, today, after, limit } = search;
    const zone = (await zones.has(search.zone)) ? search.zone : 'UTC';
    const known = await zones.asArray();
    const conditions = [
      ...(view === 'today' ? [sql`and d.day <= ${today}`] : []),
      ...(view === 'upcoming' ? [sql`and d.day > ${today} and d.day < ${NO_DAY}`] : []),
      ...(view === 'assigned' ? [sql`and t.assignee_ids @> jsonb_build_array(${principalId}::text)`] : []),
      ...words.map((word) => sql`and (t.title || ' ' || t.notes) ilike ${`%${word.replaceAll(/[\\%_]/g, '\\$&')}%`}`),
      ...(after === undefined
        ? []
        : [sql`and (d.day collate "C", t.id) > (${after.day} collate "C", ${after.id} collate "C")`]),
    ];
    const { rows } = await sql<{ item: TaskResource; day: string }>`
      select ${TASK} as item, d.day from membership m
      join list l on l.id = m.id and l.archived_at is null
      join scope s on s.id = l.scope_id and s.gone is null and effective_role(s.acl_id, ${principalId}) is not null
      join task t on t.scope_id = l.scope_id and t.deleted_at is null and not t.done
      cross join lateral (select case
        when t.due is null or t.due = 'null'::jsonb then ${NO_DAY}
        when t.due ? 'zone' and t.due ->> 'date' not like '0000-%' and lower(t.due ->> 'zone') = any (${known}::text[])
          then to_char(((t.due ->> 'date') || ' ' || (t.due ->> 'time'))::timestamp
          at time zone (t.due ->> 'zone') at time zone ${zone}, 'YYYY-MM-DD')
        else t.due ->> 'date' end as day) d
      where m.scope_id = ${scopeOf('user', principalId)} ${sql.join(conditions, sql` `)}
      order by d.day collate "C", t.id limit ${limit}`.execute(db);
    return rows.map(({ item, day }) => ({ ...item, day }));
  },
});
export type TaskRepository = ReturnType<typeof createTaskRepository>;
