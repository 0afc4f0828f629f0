import type { LogRow, ScopeRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/** What a client was answered on the wire. */
export interface Answered {
  seat: string;
  clientId: string;
  mid: number;
  nonce: string;
  /** Scope and number of each change; null where it was refused in words. */
  seqs: Record<string, number> | null;
}

/** A mutation that reached a client's disk. */
export interface Kept {
  seat: string;
  nonce: string;
  name: string;
}

/** P1: every acknowledgement names rows of the log, and they are of that very mutation. */
export function checkAcknowledged(log: LogRow[], scopes: ScopeRow[], answers: Answered[]): Violation[] {
  const rows = new Map(log.map((row) => [`${row.scope}@${row.seq}`, row]));
  const floors = new Map(scopes.map(({ scope, floorSeq }) => [scope, floorSeq]));
  const found: Violation[] = [];
  for (const { seat, clientId, mid, nonce, seqs } of answers) {
    for (const [scope, seq] of Object.entries(seqs ?? {})) {
      const row = rows.get(`${scope}@${seq}`);
      if (!row && seq <= (floors.get(scope) ?? 0)) continue;
      if (row?.nonce === nonce) continue;
      const what = row
        ? `${scope}@${seq} was acknowledged, and is another's (nonce ${row.nonce})`
        : `${scope}@${seq} was acknowledged, and is not in the log`;
      found.push(violation('P1 acknowledged', what, { seat, clientId, mid, nonce, scope, seq }));
    }
  }
  return found;
}

/**
 * P1: what a person did, once it is on their disk, ends in the log, in an answer, or in a refusal that they were shown.
 *
 * @param settled nonces that were answered, refused, or left no row because nothing changed
 */
export function checkKept(log: LogRow[], kept: Kept[], settled: ReadonlySet<string>): Violation[] {
  const logged = new Set(log.map(({ nonce }) => nonce));
  return kept
    .filter(({ nonce }) => !logged.has(nonce) && !settled.has(nonce))
    .map(({ seat, nonce, name }) =>
      violation('P1 acknowledged', `${name} was kept on the disk, and is nowhere`, { seat, nonce }),
    );
}
