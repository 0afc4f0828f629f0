import type { Effect } from '@muster/protocol/change';
import { byScope, type LogRow, type ScopeRow } from './log.ts';
import { canonical, compareImages, imageOf, type ScopeImage } from './scope-image.ts';
import { violation, type Violation } from './violation.ts';

interface Folded {
  type: string;
  id: string;
  value: Record<string, unknown>;
}

/**
 * P5: the log from its beginning gives what the server holds, and each change keeps what it replaced, so that nobody's
 * words are lost. Scopes whose beginning is compacted are passed over.
 *
 * @param images what the server holds, by scope
 */
export function checkFolded(log: LogRow[], scopes: ScopeRow[], images: Map<string, ScopeImage>): Violation[] {
  const found: Violation[] = [];
  const rowsOf = byScope(log);
  for (const { scope, floorSeq, isGone } of scopes) {
    if (floorSeq > 0) continue;
    const held = new Map<string, Folded>();
    for (const row of rowsOf.get(scope) ?? []) found.push(...applyRow(held, row));
    const image = images.get(scope);
    if (isGone || !image) continue;
    const folded = imageOf(scope, image.seq, [...held.values()]);
    found.push(...compareImages(folded, image, { who: 'the rows' }, 'P5 history'));
  }
  return found;
}

function applyRow(held: Map<string, Folded>, { scope, seq, effects, prev }: LogRow): Violation[] {
  const found: Violation[] = [];
  effects.forEach((effect, index) => {
    const key = `${effect.type} ${effect.id}`;
    const before = held.get(key)?.value;
    // A task that returns brings its words with it: what stands in `prev` then is older than the log's own state.
    if (before && canonical(prev[index]) !== canonical(replacedBy(effect, before))) {
      found.push(violation('P5 history', `${key} was overwritten, and its value is not kept`, { scope, seq }));
    }
    const after = valueAfter(effect, before);
    if (after) held.set(key, { type: effect.type, id: effect.id, value: after });
    else held.delete(key);
  });
  return found;
}

function valueAfter(effect: Effect, before: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (effect.op === 'put') return effect.value;
  if (effect.op === 'del' || !before) return undefined;
  return { ...before, ...effect.fields };
}

function replacedBy(effect: Effect, before: Record<string, unknown>): unknown {
  if (effect.op !== 'patch') return before;
  return Object.fromEntries(Object.keys(effect.fields).map((field) => [field, before[field] ?? null]));
}
