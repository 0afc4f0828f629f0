import type { Due } from '@muster/protocol/due';
import type { Role } from '@muster/protocol/principal';
import type { Priority } from '@muster/protocol/task';

/** A task as history speaks of it. */
export interface Mentioned {
  id: string;
  title: string;
}

/** What a field held before and after, by its name. */
export interface FieldValues {
  title: string;
  notes: string;
  due: Due | null;
  priority: Priority;
  done: boolean;
  assigneeIds: readonly string[];
  labelIds: readonly string[];
}
export type Field = keyof FieldValues;
export type FieldDeed = {
  [F in Field]: {
    deed: 'field';
    field: F;
    tasks: Mentioned[];
    old: FieldValues[F];
    next: FieldValues[F];
    /** Whose value it replaced without its author having seen it. */
    overwrote?: string;
  };
}[Field];

/** One thing that somebody did, read from a change: what happened, not how it is said (see say.ts). */
export type Deed =
  | FieldDeed
  | { deed: 'added' | 'deleted' | 'restored'; tasks: Mentioned[]; under?: Mentioned; subTasks: number }
  | { deed: 'came' | 'went'; tasks: Mentioned[]; subTasks: number; listId?: string; list?: string }
  | { deed: 'nested'; tasks: Mentioned[]; old: Mentioned | null; next: Mentioned | null }
  | { deed: 'reordered'; tasks: Mentioned[] }
  | { deed: 'list'; what: 'made' | 'archived' | 'brought back'; title: string }
  | { deed: 'list'; what: 'renamed'; old: string; title: string }
  | { deed: 'member'; what: 'joined' | 'added' | 'became' | 'left' | 'removed'; id: string; role?: Role }
  | { deed: 'label'; what: 'made' | 'recoloured' | 'deleted'; name: string }
  | { deed: 'label'; what: 'renamed'; old: string; name: string }
  | { deed: 'thread'; what: 'started' | 'renamed' | 'deleted'; title: string };
