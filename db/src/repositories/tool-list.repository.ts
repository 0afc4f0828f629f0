import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import type { Task } from '@muster/protocol/task';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** A whole list as it stood at `seq`. */
export interface ListRead {
  id: string;
  title: string;
  seq: number;
  role: Role;
  tasks: Stored<'task'>[];
  labels: Stored<'label'>[];
  members: { id: string; name: string; role: Role }[];
}

interface ListRow {
  title: string;
  seq: number;
  role: Role;
  tasks: (Task & { id: string })[] | null;
  labels: { id: string; name: string; color: Stored<'label'>['value']['color'] }[] | null;
  members: ListRead['members'] | null;
}

/** A guest who signed up asks as the person that they became. */
const heir = (principalId: string) =>
  sql`coalesce((select p.merged_into from principal p where p.id = ${principalId}), ${principalId})`;

/** Lists as the agent's tools read them: with the asker's right, their seq and all that is in them, of one moment. */
export const createToolListRepository = (db: Reader) => ({
  /** Undefined: absent, deleted, or not theirs to see. */
  readList: async (principalId: string, listId: string): Promise<ListRead | undefined> => {
    const scope = scopeOf('list', listId);
    // One statement, hence one snapshot: role, seq and content belong together.
    const { rows } = await sql<ListRow>`
      select l.title, s.head_seq::float8 as seq, held.role,
        (select json_agg(json_build_object('id', t.id, 'listId', ${listId}::text, 'parentId', t.parent_id, 'title', t.title,
          'notes', t.notes, 'done', t.done, 'doneAt', t.done_at, 'due', t.due, 'priority', t.priority,
          'assigneeIds', t.assignee_ids, 'labelIds', t.label_ids, 'pos', t.pos, 'createdAt', t.created_at,
          'createdBy', t.created_by) order by t.pos, t.id)
          from task t where t.scope_id = s.id and t.deleted_at is null) as tasks,
        (select json_agg(json_build_object('id', b.id, 'name', b.name, 'color', b.color) order by b.id)
          from label b where b.scope_id = s.id) as labels,
        (select json_agg(json_build_object('id', g.subject, 'name', coalesce(p.name, 'Someone'), 'role', g.role)
          order by g.created_at, g.subject)
          from acl_grant g left join profile p on p.principal_id = g.subject
          where g.acl_id = s.acl_id and (g.expires_at is null or g.expires_at > clock_ms())) as members
      from scope s join list l on l.id = ${listId}
      cross join lateral (select effective_role(s.acl_id, ${heir(principalId)}) as role) held
      where s.id = ${scope} and s.gone is null and held.role is not null`.execute(db);
    const [row] = rows;
    if (!row) return undefined;
    return {
      id: listId,
      title: row.title,
      seq: row.seq,
      role: row.role,
      tasks: (row.tasks ?? []).map(({ id, ...value }) => ({ scope, type: 'task', id, value })),
      labels: (row.labels ?? []).map(({ id, ...value }) => ({ scope, type: 'label', id, value })),
      members: row.members ?? [],
    };
  },

  /** The lists that somebody can see and has not put away, in the order of their sidebar. */
  listOf: async (principalId: string): Promise<{ id: string; title: string }[]> => {
    const { rows } = await sql<{ id: string; title: string }>`
      select l.id, l.title from membership m
      join scope s on s.id = 'list:' || m.id and s.gone is null
      join list l on l.id = m.id and l.archived_at is null
      where m.scope_id = 'user:' || ${heir(principalId)} and effective_role(s.acl_id, ${heir(principalId)}) is not null
      order by m.pos, m.id limit 200`.execute(db);
    return rows;
  },
});
export type ToolListRepository = ReturnType<typeof createToolListRepository>;
