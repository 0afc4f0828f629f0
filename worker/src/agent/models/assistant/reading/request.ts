import type { Due } from '@muster/protocol/due';
import type { Priority } from '@muster/protocol/task';

/** What a request says, before anything is looked up. Phrases are the person's own words for a task. */

export interface NewItem {
  title: string;
  due: Due | null;
  priority: Priority;
  labels: string[];
  assignees: string[];
  /** "every day" stays in the title: the assistant says that it cannot repeat tasks. */
  isRepeating: boolean;
}

/** Tasks by what they are like. Days are inclusive. */
export interface Filter {
  status: 'open' | 'done' | 'all';
  isOverdue?: boolean;
  dueFrom?: string;
  dueTo?: string;
  hasDue?: boolean;
  /** This and above. */
  priority?: Priority;
  label?: string;
  assignee?: string;
  words?: string;
}

/** The tasks that a request means. */
export type Target =
  /** By words; `many`: all that fit ("both bugs"), otherwise there must be one. */
  | { by: 'words'; phrase: string; many: boolean }
  | { by: 'filter'; filter: Filter; words: string }
  /** "it", "that", "them": what the conversation was about last. */
  | { by: 'pronoun' };

export interface Change {
  title?: string;
  due?: Due | null;
  shiftDays?: number;
  priority?: Priority;
  addLabels?: string[];
  removeLabels?: string[];
  addAssignees?: string[];
  removeAssignees?: string[];
  addNote?: string;
}

export type Place = { at: 'top' | 'bottom' } | { at: 'after' | 'before' | 'under'; phrase: string };

export type Request =
  | { kind: 'add'; items: NewItem[]; under: string | null }
  | { kind: 'complete'; targets: Target[]; done: boolean }
  | { kind: 'change'; targets: Target[]; change: Change }
  /** Moves what is there, or adds what is not. */
  | { kind: 'schedule'; item: NewItem }
  | { kind: 'move'; targets: Target[]; place: Place }
  | { kind: 'delete'; targets: Target[] }
  | { kind: 'show'; filter: Filter; title: string }
  | { kind: 'count'; filter: Filter; title: string }
  | { kind: 'about'; question: 'when' | 'isDone' | 'who' | 'details'; phrase: string }
  | { kind: 'first' }
  | { kind: 'summary' }
  | { kind: 'breakdown'; phrase: string }
  | { kind: 'talk'; topic: 'thanks' | 'greeting' | 'help' }
  | { kind: 'unable'; reason: 'world' | 'repeat' | 'share' | 'unknown' };

/** What the reader must know of the world: who asks and when. */
export interface ReadingContext {
  now: number;
  zone: string;
  isDayFirst: boolean;
  weekStart: number;
  /** Names that may follow "assign to": members, as the list knows them. */
  members: string[];
  labels: string[];
}
