import type { RunRow } from '../../oracles/runs.ts';
import type { Person } from '../people/tab.ts';
import type { Database } from './database.ts';

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

/** What Postgres holds of a run. */
export async function readLog(database: Database) {
  const [log, scopes, clients, runs] = await Promise.all([
    database.query<StoredChange>(
      `select scope_id as scope, seq, txn_id as "txnId", coalesce(actor_for, actor) as actor, client_id as "clientId", mid, nonce, run_id as "runId",
         call_id as "callId", acl_epoch as "aclEpoch", base, effects, prev, overwrote, at
       from change order by scope_id, seq`,
    ),
    database.query<StoredHead>(
      `select id as scope, acl_id as acl, head_seq as head, floor_seq as "floorSeq", gone is not null as "isGone"
       from scope order by id`,
    ),
    database.query<{ silent: Record<string, [nonce: string, first: unknown]> }>(`select silent from client`),
    database.query<RunRow>(
      `select r.id, r.scope_id as scope, r.status, r.attempt from run r join scope s on s.id = r.scope_id and s.gone is null`,
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
export async function listOpenRuns(database: Database): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select r.id from run r join scope s on s.id = r.scope_id and s.gone is null
     where r.status in ('queued', 'running') order by r.id`,
  );
  return rows.map(({ id }) => id);
}
