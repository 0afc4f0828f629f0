import type { Stored } from '@muster/protocol/entity';
import { toTask } from '../mappers.ts';
import type { JsonValue } from '../schema.generated.ts';

/** A task's row: with what deciders never see of it. */
export interface TaskRecord {
  task: Stored<'task'>;
  deletedAt: number | null;
  /** The txn that deleted it: its sub-tasks return with it if they share it. */
  deletedTxn: string | null;
  /** {field: [seq, actor, client]} */
  fieldSeq: Record<string, [number, string, string?]>;
}

/** load_tasks' columns, in its order. */
export type TaskColumns = [
  id: string,
  scope: string,
  parent: string | null,
  title: string,
  notes: string,
  done: boolean,
  doneAt: number | null,
  due: JsonValue,
  priority: string,
  assignees: JsonValue,
  labels: JsonValue,
  pos: string,
  createdAt: number,
  createdBy: string,
  deletedAt: number | null,
  deletedTxn: string | null,
  fieldSeq: TaskRecord['fieldSeq'],
];

export function toTaskRecord(row: TaskColumns): TaskRecord {
  const [id, scope_id, parent_id, title, notes, done, done_at, due, priority, assignee_ids, label_ids] = row;
  const [pos, created_at, created_by, deletedAt, deletedTxn, fieldSeq] = row.slice(11) as [
    string,
    number,
    string,
    number | null,
    string | null,
    TaskRecord['fieldSeq'],
  ];
  const task = toTask({
    id,
    scope_id,
    parent_id,
    title,
    notes,
    done,
    done_at,
    due,
    priority,
    assignee_ids,
    label_ids,
    pos,
    created_at,
    created_by,
  });
  return { task, deletedAt, deletedTxn, fieldSeq };
}
