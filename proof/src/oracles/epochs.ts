import type { LogRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/**
 * P4: under one list's rights, nothing is stored with an older epoch than what was stored before it, in whichever of its
 * scopes. Each row is dated by Postgres's own clock while its transaction holds the rights locked, so dates tell the order.
 */
export function checkEpochs(log: LogRow[], listOf: (scope: string) => string | undefined): Violation[] {
  const byList = new Map<string, LogRow[]>();
  for (const row of log) {
    const list = listOf(row.scope);
    if (list === undefined) continue;
    byList.set(list, [...(byList.get(list) ?? []), row]);
  }
  const found: Violation[] = [];
  for (const rows of byList.values()) {
    rows.sort((a, b) => a.at - b.at || a.aclEpoch - b.aclEpoch);
    let highest: LogRow | undefined;
    for (const row of rows) {
      if (highest && row.aclEpoch < highest.aclEpoch && row.at > highest.at) {
        const what = `${row.seq} of ${row.scope} was stored under ${row.aclEpoch}, after ${highest.scope} had ${highest.aclEpoch}`;
        found.push(violation('P4 strangers', what, { scope: row.scope, seq: row.seq }));
      }
      if (!highest || row.aclEpoch > highest.aclEpoch) highest = row;
    }
  }
  return found;
}
