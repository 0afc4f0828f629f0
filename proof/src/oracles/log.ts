import type { Effect } from '@muster/protocol/change';

/** A row of the log, as it stands in Postgres. */
export interface LogRow {
  scope: string;
  seq: number;
  txnId: string;
  actor: string;
  clientId: string | null;
  mid: number | null;
  nonce: string | null;
  runId: string | null;
  callId: string | null;
  aclEpoch: number;
  effects: Effect[];
  prev: unknown[];
  at: number;
}

/** Where a scope stands in Postgres. What lies at or below `floorSeq` may be gone from the log. */
export interface ScopeRow {
  scope: string;
  acl: string;
  head: number;
  floorSeq: number;
  isGone: boolean;
}

/** Rows by scope, in order of their numbers. */
export function byScope(log: LogRow[]): Map<string, LogRow[]> {
  const found = new Map<string, LogRow[]>();
  for (const row of log) {
    const rows = found.get(row.scope);
    if (rows) rows.push(row);
    else found.set(row.scope, [row]);
  }
  for (const rows of found.values()) rows.sort((a, b) => a.seq - b.seq);
  return found;
}
