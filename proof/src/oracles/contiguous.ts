import { byScope, type LogRow, type ScopeRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/** P2: from above the floor to the head every number is there, once, and time does not run backwards. */
export function checkContiguous(log: LogRow[], scopes: ScopeRow[]): Violation[] {
  const found: Violation[] = [];
  const rowsOf = byScope(log);
  const blame = (what: string, objects: Record<string, unknown>) =>
    found.push(violation('P2 contiguous', what, objects));
  for (const { scope, head, floorSeq } of scopes) {
    const rows = (rowsOf.get(scope) ?? []).filter(({ seq }) => seq > floorSeq);
    let last = floorSeq;
    let lastAt = 0;
    for (const { seq, at } of rows) {
      if (seq !== last + 1) blame(`after ${last} comes ${seq}`, { scope, seq });
      if (at < lastAt) blame(`${seq} is dated before the one below it`, { scope, seq });
      last = seq;
      lastAt = at;
    }
    if (last !== head) blame(`the log ends at ${last}, the head says ${head}`, { scope });
  }
  const known = new Set(scopes.map(({ scope }) => scope));
  for (const scope of rowsOf.keys()) if (!known.has(scope)) blame('changes of a scope that is not there', { scope });
  return found;
}
