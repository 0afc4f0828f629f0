import type { CommandName } from '@muster/protocol/commands';
import type { Condition } from '@muster/protocol/condition';
import type { EntityType, Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';

/** Where inverses look around: the view after the edit. */
export interface Look {
  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[];
}

/** A task's neighbours in its list, of whatever parent; null: it stands first, or last. */
export interface Between {
  behind: string | null;
  before: string | null;
}

/** A command that takes an edit back, and what must still be so for it. */
export interface Inverse {
  name: CommandName;
  args: unknown;
  ifStill: Condition[];
  /**
   * Where a task stood: behind which task that is, is looked up when it goes back. `behind`: which it was, for a list
   * whose places have got other keys since.
   */
  slot?: { listId: string; pos: string; behind?: string | null };
  /** Between which tasks the edit put it: still the same place there, whatever its key. */
  between?: Between;
  /** Fields that the server sets: expected too, on the first condition, once the edit's own change has told them. */
  confirm?: string[];
  /** A label goes only while no task bears it. */
  onlyUnused?: true;
}

/** One mutation of a step, and what takes it back. */
export interface Part {
  nonce: string;
  inverse: Inverse[];
}

/** One gesture of a person: what is undone, and done again, as one. */
export interface Step {
  id: string;
  /** Such as `Deleted “Boat”`. */
  label: string;
  state: 'done' | 'undone';
  /** The greatest comes first. */
  order: number;
  parts: Part[];
}

/** What one tab tells the others of this browser. */
export type StepNews = { news: 'kept'; userId: string; steps: Step[]; gone: string[] } | { news: 'wiped' };
