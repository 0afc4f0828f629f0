import type { MessageResource, ThreadResource } from '@muster/protocol/http-threads';
import { scopeOf } from '@muster/protocol/id';
import type { Item, Run } from '@muster/protocol/run';
import { sql } from 'kysely';
import { readVisible, type Reader, type Visible } from './visible.ts';

const THREAD = sql`json_build_object('id', t.id, 'listId', case when t.scope_id like 'list:%' then substr(t.scope_id, 6) end,
  'kind', t.kind, 'title', t.title, 'status', t.status, 'createdAt', t.created_at, 'createdBy', t.created_by)`;

/** A run with the thread that it belongs to and what it did so far. */
export type RunRead = Run & { id: string; threadId: string; items: Item[] };

export const createThreadRepository = (db: Reader) => ({
  /** A person's own conversations and those of their lists, newest first. */
  listOf: async (
    principalId: string,
    { listId, before, limit }: { listId?: string | undefined; before?: string | undefined; limit: number },
  ): Promise<ThreadResource[]> => {
    const { rows } = await sql<{ item: ThreadResource }>`
      select ${THREAD} as item from acl_grant g
      join thread t on t.scope_id = g.acl_id
      join scope s on s.id = t.scope_id and s.gone is null
      where g.subject = ${principalId} and (g.expires_at is null or g.expires_at > clock_ms())
        and (${listId === undefined} or t.scope_id = ${`list:${listId ?? ''}`})
        and (${before === undefined} or t.id < ${before ?? ''} collate "C")
      order by t.id desc limit ${limit}`.execute(db);
    return rows.map((row) => row.item);
  },

  /** Undefined: absent, deleted, or not theirs to see. */
  find: async (principalId: string, id: string): Promise<ThreadResource | undefined> => {
    const found = await readVisible<ThreadResource>(
      db,
      scopeOf('thread', id),
      principalId,
      sql`select ${THREAD} as item from thread t where t.id = ${id}`,
    );
    return found?.items[0];
  },

  /** A conversation's messages, oldest first. Undefined: the thread is absent, or not theirs to see. */
  listMessages: async (
    principalId: string,
    threadId: string,
    { after, limit, id }: { after?: { at: number; id: string } | undefined; limit: number; id?: string | undefined },
  ): Promise<Visible<MessageResource> | undefined> => {
    const scope = scopeOf('thread', threadId);
    return readVisible(
      db,
      scope,
      principalId,
      sql`select json_build_object('id', m.id, 'threadId', ${threadId}::text, 'role', m.role, 'authorId', m.author_id,
          'parts', m.parts, 'text', m.text, 'parentId', m.parent_id, 'runId', m.run_id, 'fileIds', m.file_ids,
          'createdAt', m.created_at) as item
        from message m where m.scope_id = ${scope} and (${id === undefined} or m.id = ${id ?? ''})
          and (${after === undefined} or (m.created_at, m.id) > (${after?.at ?? 0}::bigint, ${after?.id ?? ''} collate "C"))
        order by m.created_at, m.id limit ${limit}`,
    );
  },

  /** Undefined: absent, or its thread is not theirs to see. */
  findRun: async (principalId: string, runId: string): Promise<RunRead | undefined> => {
    const { rows } = await sql<{ item: RunRead }>`
      select json_build_object('id', r.id, 'threadId', substr(r.scope_id, 8), 'messageId', r.message_id,
        'askerId', r.asker_id, 'status', r.status, 'attempt', r.attempt, 'error', r.error, 'startedAt', r.started_at,
        'endedAt', r.ended_at, 'items', coalesce((select json_agg(json_build_object('id', i.run_id || ':' || i.n, 'n', i.n,
          'kind', i.kind, 'callId', i.call_id, 'body', i.body, 'state', i.state) order by i.n)
          from run_item i where i.run_id = r.id), '[]'::json)) as item
      from run r join scope s on s.id = r.scope_id and s.gone is null
      where r.id = ${runId} and effective_role(s.acl_id, ${principalId}) is not null`.execute(db);
    return rows[0]?.item;
  },
});
export type ThreadRepository = ReturnType<typeof createThreadRepository>;
