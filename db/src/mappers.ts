import type { EntityType, EntityTypes, Stored } from '@muster/protocol/entity';
import { parseScope, runItemId, scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Task } from '@muster/protocol/task';
import type { Selectable } from 'kysely';
import type { DB } from './schema.generated.ts';

/** Rows never leave this room: what they mean to the rest stands here, once. */
export type Row<T extends keyof DB> = Selectable<DB[T]>;

/** Entities that have a table of their own and no life after deletion. Tasks do; a `member` is a row of acl_grant. */
export type PlainType = Exclude<EntityType, 'task' | 'member'>;

interface Mapper<T extends PlainType> {
  toStored(row: Row<T>): Stored<T>;
  /** `at`: when it is stored, for columns that are in no value. */
  toRow(stored: Stored<T>, at: number): Partial<Row<T>>;
}

const place = (row: { scope_id: string }) => row.scope_id as ScopeId;
const as = <T>(json: unknown): T => json as T;

/** The n of a run item's id, `<runId>:<n>`. */
export const numberOfItem = (itemId: string): number => Number(itemId.slice(itemId.indexOf(':') + 1));

export const MAPPERS: { [T in PlainType]: Mapper<T> } = {
  list: {
    toStored: (row) => ({
      scope: place(row),
      type: 'list',
      id: row.id,
      value: { title: row.title, archivedAt: row.archived_at, createdAt: row.created_at },
    }),
    toRow: ({ scope, id, value }) => ({
      id,
      scope_id: scope,
      title: value.title,
      archived_at: value.archivedAt,
      created_at: value.createdAt,
    }),
  },
  label: {
    toStored: (row) => ({
      scope: place(row),
      type: 'label',
      id: row.id,
      value: { name: row.name, color: as(row.color) },
    }),
    toRow: ({ scope, id, value }) => ({ id, scope_id: scope, name: value.name, color: value.color }),
  },
  thread: {
    toStored: (row) => ({
      scope: place(row),
      type: 'thread',
      id: row.id,
      value: {
        kind: as(row.kind),
        title: row.title,
        status: as(row.status),
        createdAt: row.created_at,
        createdBy: row.created_by,
      },
    }),
    toRow: ({ scope, id, value }) => ({
      id,
      scope_id: scope,
      kind: value.kind,
      title: value.title,
      status: value.status,
      created_at: value.createdAt,
      created_by: value.createdBy,
    }),
  },
  message: {
    toStored: (row) => ({
      scope: place(row),
      type: 'message',
      id: row.id,
      value: {
        role: as(row.role),
        authorId: row.author_id,
        parts: as(row.parts),
        text: row.text,
        parentId: row.parent_id,
        runId: row.run_id,
        fileIds: as(row.file_ids),
        createdAt: row.created_at,
      },
    }),
    toRow: ({ scope, id, value }) => ({
      id,
      scope_id: scope,
      role: value.role,
      author_id: value.authorId,
      parts: as(value.parts),
      text: value.text,
      parent_id: value.parentId,
      run_id: value.runId,
      file_ids: value.fileIds,
      created_at: value.createdAt,
    }),
  },
  run: {
    toStored: (row) => ({
      scope: place(row),
      type: 'run',
      id: row.id,
      value: {
        messageId: row.message_id,
        askerId: row.asker_id,
        status: as(row.status),
        attempt: row.attempt,
        error: as(row.error),
        startedAt: row.started_at,
        endedAt: row.ended_at,
      },
    }),
    toRow: ({ scope, id, value }, at) => ({
      id,
      scope_id: scope,
      message_id: value.messageId,
      asker_id: value.askerId,
      status: value.status,
      attempt: value.attempt,
      error: as(value.error),
      queued_at: at,
      started_at: value.startedAt,
      ended_at: value.endedAt,
    }),
  },
  run_item: {
    toStored: (row) => ({
      scope: place(row),
      type: 'run_item',
      id: runItemId(row.run_id, row.n),
      value: {
        runId: row.run_id,
        n: row.n,
        kind: as(row.kind),
        callId: row.call_id,
        body: as(row.body),
        state: as(row.state),
      },
    }),
    toRow: ({ scope, value }) => ({
      run_id: value.runId,
      n: value.n,
      scope_id: scope,
      kind: value.kind,
      call_id: value.callId,
      body: as(value.body),
      state: value.state,
    }),
  },
  membership: {
    toStored: (row) => ({
      scope: place(row),
      type: 'membership',
      id: row.id,
      value: { role: as(row.role), pos: row.pos, muted: row.muted, seenSeq: row.seen_seq },
    }),
    toRow: ({ scope, id, value }) => ({
      scope_id: scope,
      id,
      role: value.role,
      pos: value.pos,
      muted: value.muted,
      seen_seq: value.seenSeq,
    }),
  },
  settings: {
    toStored: (row) => ({
      scope: place(row),
      type: 'settings',
      id: row.id,
      value: {
        locale: row.locale,
        zone: row.zone,
        weekStart: row.week_start,
        theme: as(row.theme),
        singleKeys: row.single_keys,
        shareMails: row.share_mails ?? true,
      },
    }),
    toRow: ({ scope, id, value }) => ({
      id,
      scope_id: scope,
      locale: value.locale,
      zone: value.zone,
      week_start: value.weekStart,
      theme: value.theme,
      single_keys: value.singleKeys,
      share_mails: value.shareMails,
    }),
  },
};

/** A row of any plain type: the caller says which table it came from. */
export const toStored = (type: PlainType, row: unknown): Stored => MAPPERS[type].toStored(row as never) as Stored;

export const toRow = (stored: Stored, at: number): Record<string, unknown> =>
  MAPPERS[stored.type as PlainType].toRow(stored as never, at);

export const toTask = (row: Omit<Row<'task'>, 'field_seq' | 'deleted_at' | 'deleted_txn'>): Stored<'task'> => ({
  scope: place(row),
  type: 'task',
  id: row.id,
  value: {
    listId: parseScope(place(row)).id,
    parentId: row.parent_id,
    title: row.title,
    notes: row.notes,
    done: row.done,
    doneAt: row.done_at,
    due: as<Task['due']>(row.due),
    priority: as(row.priority),
    assigneeIds: as(row.assignee_ids),
    labelIds: as(row.label_ids),
    pos: row.pos,
    createdAt: row.created_at,
    createdBy: row.created_by,
  },
});

export const memberOf = (acl: string, principal: string, role: string): Stored<'member'> => ({
  scope: acl as ScopeId,
  type: 'member',
  id: principal,
  value: { role: role as EntityTypes['member']['role'] },
});

export const listScope = (listId: string): ScopeId => scopeOf('list', listId);
