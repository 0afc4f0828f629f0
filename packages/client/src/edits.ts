import type { CommandName } from '@muster/protocol/commands';
import { refsOf } from './effect-index.ts';
import type { Intent } from './intent.ts';
import { applyEffect, refKey, type Ref, type Value } from './ref.ts';
import type { View } from './view.ts';

/** What a mutation of this tab made of an entity, as the rules foresaw it; undefined: not there. */
export interface Edit extends Ref {
  before: Value | undefined;
  after: Value | undefined;
}

/** A mutation of this tab as it was queued: what undo is made of. */
export interface Made {
  nonce: string;
  name: CommandName;
  args: unknown;
  edits: Edit[];
}

/** An intent's edits, entity by entity in the order of its effects. */
export function editsOf(view: View, intent: Intent): Edit[] {
  const edits = new Map<string, Edit>();
  for (const [at, ref] of refsOf(intent).entries()) {
    const effect = intent.effects[at]?.effect;
    if (!effect) continue;
    const known = edits.get(refKey(ref));
    const before = known ? known.before : view.valueBefore(ref, intent);
    edits.set(refKey(ref), { ...ref, before, after: applyEffect(known ? known.after : before, effect) });
  }
  return [...edits.values()];
}
