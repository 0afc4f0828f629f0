import type { ListDetail, ListResource } from '@muster/protocol/http-lists';
import { scopeOf } from '@muster/protocol/id';
import { sql } from 'kysely';
import { readVisible, type Reader } from './visible.ts';

export interface ListPlace {
  pos: string;
  id: string;
}

export const createListRepository = (db: Reader) => ({
  /** A person's lists in the order of their sidebar, archived ones too. */
  listOf: async (
    principalId: string,
    { after, limit }: { after?: ListPlace | undefined; limit: number },
  ): Promise<(ListResource & { pos: string })[]> => {
    const own = scopeOf('user', principalId);
    const { rows } = await sql<{ item: ListResource & { pos: string } }>`
      select json_build_object('id', l.id, 'title', l.title, 'archivedAt', l.archived_at, 'createdAt', l.created_at,
        'role', held.role, 'pos', m.pos) as item
      from membership m
      join list l on l.id = m.id
      join scope s on s.id = l.scope_id and s.gone is null
      cross join lateral (select effective_role(s.acl_id, ${principalId}) as role) held
      where m.scope_id = ${own} and held.role is not null
        and (${after === undefined} or (m.pos, m.id) > (${after?.pos ?? ''} collate "C", ${after?.id ?? ''} collate "C"))
      order by m.pos, m.id limit ${limit}`.execute(db);
    return rows.map((row) => row.item);
  },

  /** One list with its labels. Undefined: absent, or not theirs to see. */
  find: async (principalId: string, id: string): Promise<ListDetail | undefined> => {
    const scope = scopeOf('list', id);
    const found = await readVisible<Omit<ListDetail, 'role'>>(
      db,
      scope,
      principalId,
      sql`select json_build_object('id', l.id, 'title', l.title, 'archivedAt', l.archived_at, 'createdAt', l.created_at,
          'labels', coalesce((select json_agg(json_build_object('id', b.id, 'name', b.name, 'color', b.color) order by b.id)
            from label b where b.scope_id = ${scope}), '[]'::json)) as item
        from list l where l.id = ${id}`,
    );
    const list = found?.items[0];
    return found && list ? { ...list, role: found.role } : undefined;
  },
});
export type ListRepository = ReturnType<typeof createListRepository>;
