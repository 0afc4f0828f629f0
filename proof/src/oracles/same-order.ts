import type { LogRow, ScopeRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/** A stored change as it came to a client, over whatever way. */
export interface Heard {
  seat: string;
  scope: string;
  seq: number;
  txnId: string;
}

/** P2: whoever heard a number of a scope heard the change that the log has there. One report a seat and scope. */
export function checkSameOrder(log: LogRow[], scopes: ScopeRow[], heard: Iterable<Heard>): Violation[] {
  const txns = new Map(log.map(({ scope, seq, txnId }) => [`${scope}@${seq}`, txnId]));
  const floors = new Map(scopes.map(({ scope, floorSeq }) => [scope, floorSeq]));
  const found = new Map<string, Violation>();
  for (const { seat, scope, seq, txnId } of heard) {
    const stored = txns.get(`${scope}@${seq}`);
    if (stored === txnId || (stored === undefined && seq <= (floors.get(scope) ?? 0))) continue;
    const what = stored === undefined ? 'is not in the log' : `the log has ${stored} there`;
    const objects = { seat, scope, seq, txnId };
    if (!found.has(`${seat} ${scope}`))
      found.set(`${seat} ${scope}`, violation('P2 same order', `${txnId} was heard as ${seq}, and ${what}`, objects));
  }
  return [...found.values()];
}
