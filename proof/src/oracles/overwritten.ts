import type { Overwrote } from '@muster/protocol/change';
import { byScope, type LogRow } from './log.ts';
import { canonical } from './scope-image.ts';
import { violation, type Violation } from './violation.ts';

/** A row with what its author had seen, and whom it told to have overwritten. */
export interface AuthoredRow extends LogRow {
  base: number | null;
  overwrote: Overwrote[] | null;
}

const TEXTS = ['title', 'notes'];

/** P5: who replaces a text that they had not seen is told, and so are all: the change names what it replaced. */
export function checkOverwritten(log: AuthoredRow[]): Violation[] {
  const found: Violation[] = [];
  for (const [scope, rows] of byScope(log)) {
    const writers = new Map<string, { seq: number; client: string | null; actor: string; value: unknown }>();
    for (const row of rows as AuthoredRow[]) {
      for (const effect of row.effects) {
        if (effect.type !== 'task') continue;
        for (const field of TEXTS) {
          const key = `${effect.id} ${field}`;
          if (effect.op !== 'patch') {
            writers.delete(key);
            continue;
          }
          if (!(field in effect.fields)) continue;
          const value = effect.fields[field];
          const last = writers.get(key);
          writers.set(key, { seq: row.seq, client: row.clientId, actor: row.actor, value });
          if (!last || row.base === null || last.seq <= row.base || last.client === row.clientId) continue;
          if (canonical(last.value) === canonical(value)) continue;
          if (row.overwrote?.some((one) => one.id === effect.id && one.field === field)) continue;
          const what = `the ${field} written at ${last.seq} was replaced by who had seen ${row.base}, and nobody was told`;
          found.push(violation('P5 history', what, { scope, seq: row.seq, task: effect.id }));
        }
      }
    }
  }
  return found;
}
