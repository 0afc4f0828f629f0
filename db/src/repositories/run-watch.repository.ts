import type { ScopeId } from '@muster/protocol/id';
import type { Item, RunStatus } from '@muster/protocol/run';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** A run with the right to see it, and the epochs that this right is of. */
export interface WatchedRun {
  /** `thread:<id>` */
  scope: ScopeId;
  aclEpoch: number;
  logEpoch: string;
  status: RunStatus;
  attempt: number;
  items: Item[];
}

/** What the gateway reads for those who watch a run. */
export const createRunWatchRepository = (db: Reader) => ({
  /** One statement, hence one moment. Undefined: absent, gone, or not this principal's to see. */
  findRun: async (principalId: string, runId: string): Promise<WatchedRun | undefined> => {
    const { rows } = await sql<WatchedRun>`
      select r.scope_id as scope, a.epoch as "aclEpoch", e.epoch as "logEpoch", r.status, r.attempt,
        coalesce((select json_agg(json_build_object('id', i.run_id || ':' || i.n, 'n', i.n, 'kind', i.kind,
          'callId', i.call_id, 'body', i.body, 'state', i.state) order by i.n)
          from run_item i where i.run_id = r.id), '[]'::json) as items
      from run r
      join scope s on s.id = r.scope_id and s.gone is null
      join acl a on a.id = s.acl_id
      cross join log_epoch e
      where r.id = ${runId} and effective_role(s.acl_id, ${principalId}) is not null`.execute(db);
    return rows[0];
  },
});
export type RunWatchRepository = ReturnType<typeof createRunWatchRepository>;
