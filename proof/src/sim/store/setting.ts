import type { RunRow } from '../../oracles/runs.ts';
import { epochOf, RUN_MS } from '../time/install.ts';
import type { Person } from '../people/tab.ts';
import type { Database } from './database.ts';

/** Ids of a run lie between these, since they begin with its time. */
function boundsOf(run: number): [string, string] {
  const hex = (ms: number) => {
    const digits = ms.toString(16).padStart(12, '0');
    return `${digits.slice(0, 8)}-${digits.slice(8)}`;
  };
  return [hex(epochOf(run)), hex(epochOf(run) + RUN_MS)];
}

/** People with verified accounts who have been here. */
export async function makePeople(database: Database, people: readonly Person[]): Promise<void> {
  await database.query(
    `with made as (
       insert into "user" (id, name, email, "emailVerified", "isAnonymous")
       select id, 'Someone', email, true, false from unnest($1::text[], $2::text[]) p (id, email) returning id
     ) select count(ensure_principal(id, 'person', 'Someone', null)) from unnest($1::text[]) id`,
    [people.map(({ id }) => id), people.map(({ email }) => email)],
  );
}

const KINDS = ['list', 'thread', 'user'];
const inBounds = (column: string) =>
  `(${KINDS.map((kind) => `${column} between '${kind}:' || $1 and '${kind}:' || $2`).join(' or ')})`;

/** What Postgres holds of a run. */
export async function readLog(database: Database, run: number) {
  const bounds = boundsOf(run);
  const [log, scopes, clients, runs] = await Promise.all([
    database.query<StoredChange>(
      `select scope_id as scope, seq, txn_id as "txnId", coalesce(actor_for, actor) as actor, client_id as "clientId", mid, nonce, run_id as "runId",
         call_id as "callId", acl_epoch as "aclEpoch", base, effects, prev, overwrote, at
       from change where ${inBounds('scope_id')} order by scope_id, seq`,
      bounds,
    ),
    database.query<StoredHead>(
      `select id as scope, acl_id as acl, head_seq as head, floor_seq as "floorSeq", gone is not null as "isGone"
       from scope where ${inBounds('id')} order by id`,
      bounds,
    ),
    database.query<{ silent: Record<string, [nonce: string, first: unknown]> }>(
      `select silent from client where principal_id between $1 and $2`,
      bounds,
    ),
    database.query<RunRow>(
      `select r.id, r.scope_id as scope, r.status, r.attempt from run r join scope s on s.id = r.scope_id and s.gone is null
       where ${inBounds('r.scope_id')}`,
      bounds,
    ),
  ]);
  return { log, scopes, runs, silent: clients.flatMap(({ silent }) => Object.values(silent).map(([nonce]) => nonce)) };
}

export interface StoredChange {
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
  base: number | null;
  effects: import('@muster/protocol/change').Effect[];
  prev: unknown[];
  overwrote: import('@muster/protocol/change').Overwrote[] | null;
  at: number;
}

export interface StoredHead {
  scope: string;
  acl: string;
  head: number;
  floorSeq: number;
  isGone: boolean;
}

/** Runs of this run's world that have not ended: what a sweeper finds where a hint was lost. */
export async function listOpenRuns(database: Database, run: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select r.id from run r join scope s on s.id = r.scope_id and s.gone is null
     where r.status in ('queued', 'running') and ${inBounds('r.scope_id')} order by r.id`,
    boundsOf(run),
  );
  return rows.map(({ id }) => id);
}
