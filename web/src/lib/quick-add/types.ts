import type { DateContext, FindDates } from '@muster/domain/dates/date-context';
import type { Due } from '@muster/protocol/due';
import type { Priority } from '@muster/protocol/task';

/** A stretch of the text that was understood. `start` and `end` are UTF-16 offsets, end exclusive. */
export type QuickAddToken = { start: number; end: number; text: string } & (
  | { kind: 'date'; value: Due }
  | { kind: 'priority'; value: Priority }
  | { kind: 'label'; value: { name: string; id: string | null } }
  | { kind: 'assignee'; value: { id: string; name: string } }
);

export interface QuickAddMember {
  id: string;
  name: string;
}
export interface QuickAddLabel {
  id: string;
  name: string;
}

export interface QuickAddContext extends DateContext {
  members: readonly QuickAddMember[];
  labels: readonly QuickAddLabel[];
  /** The reader, for `@me`. */
  selfId?: string;
  /** The reader of dates, once it has been loaded; without it text is never taken for a date. */
  findDates?: FindDates;
  /** Keys of tokens (see `tokenKey`) that the person made plain text again. */
  plain?: ReadonlySet<string>;
}

export interface QuickAdd {
  title: string;
  /** In the order of the text, never overlapping. */
  tokens: QuickAddToken[];
  due: Due | null;
  priority: Priority;
  labelIds: string[];
  /** Labels that do not exist yet. */
  newLabels: string[];
  assigneeIds: string[];
}

/** A task to add, as it was read. */
export interface QuickAddEntry {
  parsed: QuickAdd;
  done: boolean;
  /** A sub-task of the last entry before it that is none. */
  isChild: boolean;
}
