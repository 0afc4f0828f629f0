import type { LogRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/**
 * P1: a mutation stands in one transaction, at most once a scope, by its (client, mid) and by its nonce: a nonce lives
 * through a change of client id, where a mid does not.
 */
export function checkOnce(log: LogRow[]): Violation[] {
  const found: Violation[] = [];
  const look = (kind: string, keyOf: (row: LogRow) => string | undefined) => {
    const seen = new Map<string, LogRow[]>();
    for (const row of log) {
      const key = keyOf(row);
      if (key === undefined) continue;
      const rows = seen.get(key);
      if (!rows) {
        seen.set(key, [row]);
        continue;
      }
      rows.push(row);
      const isOne = rows.every(({ txnId }) => txnId === row.txnId);
      const isOnceAScope = new Set(rows.map(({ scope }) => scope)).size === rows.length;
      if (isOne && isOnceAScope) continue;
      const { clientId, mid, nonce } = row;
      const places = rows.map(({ scope, seq }) => `${scope}@${seq}`);
      found.push(
        violation('P1 once', `the same ${kind} stands ${rows.length} times`, { clientId, mid, nonce, places }),
      );
    }
  };
  look('(client, mid)', ({ clientId, mid }) => (clientId === null || mid === null ? undefined : `${clientId} ${mid}`));
  look('nonce', ({ clientId, nonce }) => (clientId === null || nonce === null ? undefined : nonce));
  return found;
}
