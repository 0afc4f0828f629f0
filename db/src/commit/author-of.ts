import type { Effect } from '@muster/protocol/change';
import type { BrokenCondition } from '@muster/protocol/condition';
import type { Broken } from '@muster/domain/conditions';
import type { BatchState } from './batch-state.ts';
import type { Batch } from './decide.ts';
import { authorKey, type AuthorKey } from './facts.ts';
import { StartAgain } from './transaction.ts';

/** Stands for the whole entity: it came or went, or its sub-tasks did. */
const WHOLE = '*';

/** Whether an effect wrote what a condition found changed: commit_load_authors says the same of the log. */
function wrote(effect: Effect, [, type, id, field]: AuthorKey): boolean {
  if (effect.type !== type || effect.id !== id) return false;
  return effect.op !== 'patch' || (field !== WHOLE && Object.hasOwn(effect.fields, field));
}

/**
 * Whose change broke a condition: of this batch, or else as the log tells.
 * @throws {StartAgain} where the log has to be asked first
 */
export function authorOf(batch: Batch, broken: Broken, state: BatchState): BrokenCondition['by'] {
  const { field, child } = broken;
  // Other sub-tasks: whoever made the one that came; one that left tells nothing of who took it.
  const { scope, type, id } = field === 'children' ? (child ?? { ...broken, id: undefined }) : broken;
  if (scope === undefined || id === undefined) return null;
  const key: AuthorKey = [scope, type, id, field === null || field === 'children' ? WHOLE : field];
  const own = batch.changes.findLast(
    (row) => row.scope === scope && row.change.effects.some((effect) => wrote(effect, key)),
  );
  if (own) return own.change.actor;
  const logged = batch.facts.authors.get(authorKey(key));
  if (logged !== undefined) return logged;
  state.missing.add('authors', key);
  throw new StartAgain('the log has to tell');
}
