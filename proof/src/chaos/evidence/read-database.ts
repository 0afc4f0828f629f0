import { createPool } from '@muster/db/connection';
import type pg from 'pg';
import type { LogRow, ScopeRow } from '../../oracles/log.ts';
import type { RunRow } from '../../oracles/runs.ts';

/** What Postgres holds, read past every link. */
export class DatabaseReader {
  readonly #pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.#pool = createPool({ connectionString: databaseUrl, max: 4, application_name: 'chaos' });
  }

  async log(): Promise<LogRow[]> {
    return this.query<LogRow>(
      `select scope_id as scope, seq, txn_id as "txnId", actor, client_id as "clientId", mid, nonce, run_id as "runId",
         call_id as "callId", acl_epoch as "aclEpoch", effects, prev, at from change order by scope_id, seq`,
    );
  }

  async scopes(): Promise<ScopeRow[]> {
    return this.query<ScopeRow>(
      `select id as scope, acl_id as acl, head_seq as head, floor_seq as "floorSeq", gone is not null as "isGone" from scope`,
    );
  }

  async runs(): Promise<RunRow[]> {
    return this.query<RunRow>(
      `select r.id, r.scope_id as scope, r.status, r.attempt, s.gone is not null as "isGone"
       from run r join scope s on s.id = r.scope_id`,
    );
  }

  /** Who may see each list: one that is deleted, nobody. */
  async members(): Promise<Record<string, string[]>> {
    const rows = await this.query<{ list: string; members: string[] }>(
      `select s.id as list, coalesce(array_agg(g.subject) filter (where g.subject is not null), '{}') as members
       from scope s left join acl_grant g on g.acl_id = s.id and s.gone is null where s.kind = 'list' group by s.id`,
    );
    return Object.fromEntries(rows.map(({ list, members }) => [list, members]));
  }

  /** Nonces of mutations that were taken and left no row: nothing had changed, or they were refused. */
  async silentNonces(): Promise<string[]> {
    const rows = await this.query<{ nonce: string }>(
      `select value ->> 0 as nonce from client, jsonb_each(client.silent)`,
    );
    return rows.map(({ nonce }) => nonce);
  }

  /** The list below which each of these runs is. */
  async listsOfRuns(runIds: string[]): Promise<Map<string, string>> {
    const rows = await this.query<{ id: string; list: string }>(
      `select r.id, s.acl_id as list from run r join scope s on s.id = r.scope_id where r.id = any ($1)`,
      [runIds],
    );
    return new Map(rows.map(({ id, list }) => [id, list]));
  }

  /** Of each acl one who may see all below it. */
  async viewers(): Promise<Map<string, string>> {
    const rows = await this.query<{ acl: string; subject: string }>(
      `select distinct on (acl_id) acl_id as acl, subject from acl_grant order by acl_id, role = 'owner' desc`,
    );
    return new Map(rows.map(({ acl, subject }) => [acl, subject]));
  }

  async query<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.#pool.query(sql, values)).rows as T[];
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
