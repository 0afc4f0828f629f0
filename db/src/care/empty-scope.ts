import type pg from 'pg';

/** Tables whose rows are a scope's content, by their `scope_id`. */
const CONTENT = ['run_item', 'run', 'message', 'thread', 'label', 'task', 'list', 'membership', 'settings'] as const;

/** Who may see, and who might have come to see. */
const RIGHTS = ['link', 'invitation', 'acl_grant'] as const;

/**
 * Takes everything out of a scope that is gone, in the caller's transaction: its entities, the ways into it, and what its
 * log says. The log's rows stay, hollow, so that a mutation that is sent again finds its answer. The scope's row stays
 * too: its id is taken for ever.
 */
export async function emptyScope(client: pg.PoolClient, scope: string): Promise<void> {
  for (const table of ['tool_call', 'run_work']) {
    await client.query(`delete from ${table} where run_id in (select id from run where scope_id = $1)`, [scope]);
  }
  await client.query('delete from conflict_dismissal where scope_id = $1', [scope]);
  for (const table of CONTENT) await client.query(`delete from ${table} where scope_id = $1`, [scope]);
  for (const table of RIGHTS) await client.query(`delete from ${table} where acl_id = $1`, [scope]);
  await client.query(
    `update change set effects = '[]', prev = '[]', overwrote = null, touched = null
     where scope_id = $1 and effects <> '[]'`,
    [scope],
  );
  await client.query(
    'update scope set floor_seq = head_seq, history_floor = head_seq, size = 0, purged_at = clock_ms() where id = $1',
    [scope],
  );
}
