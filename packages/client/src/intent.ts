import type { ScopedEffect } from '@muster/domain/command';
import type { ScopeId } from '@muster/protocol/id';
import type { Mutate } from '@muster/protocol/client-events';
import { toPending } from './pending-mutation.ts';
import type { Outcome, PendingMutation } from './types.ts';

/**
 * The name under which a mutation that was given up takes its mid: unknown to every server, so it is answered
 * `invalid`, and mids stay without a gap.
 */
export const VOID = 'client.void';

/** What a decision looked at: its outcome stands until one of these changes. */
export interface Reads {
  /** `type id` */
  names: Set<string>;
  /** `scope type`: all of them */
  kinds: Set<string>;
}

/** A mutation that waits, with what it makes of the view. The nonce is its identity: mids change when a client renews. */
export interface Intent extends Omit<PendingMutation, 'mid' | 'name' | 'seqs'> {
  /** Null until storage has given one. */
  mid: number | null;
  /** Order among those without a mid. */
  turn: number;
  name: string;
  /** Known once answered. */
  seqs: Record<string, number> | null;
  /** The log whose seqs these are: where the log goes back, what another one answered counts for nothing. */
  answeredUnder: string | null;
  /** Its optimistic effects; none where it failed, where it cannot be foreseen, or before the user is known. */
  effects: ScopedEffect[];
  /** Scopes that it will make. */
  creates: ScopeId[];
  reads: Reads;
  /** Ids that its decision made, so that deciding again makes the same. */
  madeIds: string[];
  /** Scopes whose confirmed content holds it already, with the seq. */
  arrived: Map<string, number>;
  resolve(outcome: Outcome): void;
}

/** Order of the queue: by mid; what has none yet comes last, in the order it was made. */
export const compareIntents = (a: Intent, b: Intent): number =>
  (a.mid ?? Infinity) - (b.mid ?? Infinity) || a.turn - b.turn || 0;

let turns = 0;

export function createIntent(mutation: Omit<PendingMutation, 'mid'> & { mid: number | null }): Intent {
  turns += 1;
  return {
    ...mutation,
    turn: turns,
    answeredUnder: null,
    effects: [],
    creates: [],
    reads: { names: new Set(), kinds: new Set() },
    madeIds: [],
    arrived: new Map(),
    resolve: () => {},
  };
}

/** What storage keeps of an intent. */
export const toMutation = (intent: Intent): PendingMutation =>
  toPending({ ...intent, mid: intent.mid ?? 0, name: intent.name as PendingMutation['name'] });

/** What is sent of it. */
export const toFrame = ({
  mid,
  nonce,
  name,
  args,
  base,
  ifStill,
}: Pick<Intent, 'mid' | 'nonce' | 'name' | 'args' | 'base'> & Pick<PendingMutation, 'ifStill'>): Mutate => ({
  mid: mid ?? 0,
  nonce,
  name,
  args,
  ...(base === null ? {} : { base }),
  ...(ifStill ? { ifStill } : {}),
});
