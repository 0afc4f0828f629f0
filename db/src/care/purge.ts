import type pg from 'pg';
import { emptyScope } from './empty-scope.ts';
import { inTransaction } from './in-transaction.ts';

const DAY_MS = 24 * 3_600_000;
/** Rows that one statement removes. */
const ROWS_AT_ONCE = 1_000;
const SCOPES_AT_ONCE = 50;

export interface PurgeSettings {
  /** How long what was deleted (tasks, lists, conversations) is kept. */
  trashMs: number;
}

/** A repeat of a request with the same key comes within minutes, or a day where a queue was stuck. */
const IDEMPOTENCY_MS = 7 * DAY_MS;
/** Tool calls are found again by later attempts of their run only; the run's items keep what people see of them. */
const TOOL_CALL_MS = 7 * DAY_MS;
/** Links, invitations and tokens that ended: long enough to see in a database what happened. */
const ENDED_MS = 30 * DAY_MS;
/** A session that ran out lets nobody in; its sockets were closed at its end. */
const SESSION_MS = DAY_MS;

/** What can be removed without a look at anything else: by table, which rows, and after how long. */
const PLAIN: { what: string; table: string; key: string; where: string; afterMs: number }[] = [
  {
    what: 'idempotency keys',
    table: 'idempotency',
    key: 'subject, key',
    where: 'at < clock_ms() - $1::bigint',
    afterMs: IDEMPOTENCY_MS,
  },
  {
    what: 'invitations',
    table: 'invitation',
    key: 'id',
    where: 'least(expires_at, taken_at, revoked_at) < clock_ms() - $1::bigint',
    afterMs: ENDED_MS,
  },
  {
    what: 'mail',
    table: 'mail',
    key: 'id',
    where: 'least(sent_at, failed_at) < clock_ms() - $1::bigint',
    afterMs: ENDED_MS,
  },
  {
    what: 'links',
    table: 'link',
    key: 'id',
    where: 'least(expires_at, revoked_at) < clock_ms() - $1::bigint',
    afterMs: ENDED_MS,
  },
  {
    what: 'tokens',
    table: 'api_token',
    key: 'id',
    where: 'least(expires_at, revoked_at) < clock_ms() - $1::bigint',
    afterMs: ENDED_MS,
  },
  {
    what: 'sessions',
    table: '"session"',
    key: 'id',
    where: `"expiresAt" < now() - $1::bigint * interval '1 millisecond'`,
    afterMs: SESSION_MS,
  },
  {
    what: 'verifications',
    table: 'verification',
    key: 'id',
    where: `"expiresAt" < now() - $1::bigint * interval '1 millisecond'`,
    afterMs: SESSION_MS,
  },
];

/** What a purge removes, as metrics and the log name it. */
export const PURGED = ['tasks', 'scopes', 'tool calls', ...PLAIN.map(({ what }) => what)] as const;

/**
 * Removes what nobody needs any more, in small transactions, one kind after another. A kind that fails does not keep the
 * others. Done twice, by two at once or cut short anywhere it comes to the same.
 *
 * @param onRemoved told after each transaction, so that what was done is known even if the rest fails
 */
export async function purge(
  pool: pg.Pool,
  { trashMs }: PurgeSettings,
  {
    isOver = () => false,
    onRemoved,
    onFault,
  }: {
    isOver?: () => boolean;
    onRemoved: (what: string, count: number) => void;
    onFault: (what: string, error: unknown) => void;
  },
): Promise<void> {
  /** Again and again, until a step finds nothing. */
  const repeat = async (what: string, step: () => Promise<number>): Promise<void> => {
    try {
      for (let count = 1; count > 0 && !isOver();) {
        count = await step();
        if (count > 0) onRemoved(what, count);
      }
    } catch (error) {
      onFault(what, error);
    }
  };
  await repeat('tasks', () => purgeTasks(pool, trashMs));
  await repeat('scopes', () => purgeScopes(pool, trashMs));
  await repeat('tool calls', () => purgeToolCalls(pool));
  for (const { what, table, key, where, afterMs } of PLAIN) {
    await repeat(what, async () => {
      const { rowCount } = await pool.query(
        `delete from ${table} where (${key}) in
           (select ${key} from ${table} where ${where} limit ${ROWS_AT_ONCE} for update skip locked)`,
        [afterMs],
      );
      return rowCount ?? 0;
    });
  }
}

/** Tombstones, list by list: under the scope's lock, since a restore reads one before it writes it. */
async function purgeTasks(pool: pg.Pool, trashMs: number): Promise<number> {
  const { rows } = await pool.query<{ scope: string }>(
    `select distinct scope_id as scope from
       (select scope_id from task where deleted_at < clock_ms() - $1::bigint order by deleted_at limit ${ROWS_AT_ONCE}) t`,
    [trashMs],
  );
  let removed = 0;
  for (const { scope } of rows) {
    removed += await inTransaction(pool, async (client) => {
      // A list in which someone writes just now is left to the next round.
      const locked = await client.query('select from scope where id = $1 for update skip locked', [scope]);
      if (locked.rowCount === 0) return 0;
      const { rowCount } = await client.query(
        `delete from task where id in (select id from task where scope_id = $1 and deleted_at < clock_ms() - $2::bigint
           order by deleted_at limit ${ROWS_AT_ONCE})`,
        [scope, trashMs],
      );
      return rowCount ?? 0;
    });
  }
  return removed;
}

/** Lists and conversations that were deleted: all but the row that says that they are gone, and the shells of the log. */
async function purgeScopes(pool: pg.Pool, trashMs: number): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from scope where gone_at is not null and purged_at is null and gone_at < clock_ms() - $1::bigint
     order by gone_at limit ${SCOPES_AT_ONCE}`,
    [trashMs],
  );
  let removed = 0;
  for (const { id } of rows) {
    removed += await inTransaction(pool, async (client) => {
      const locked = await client.query(
        'select from scope where id = $1 and gone is not null and purged_at is null for update skip locked',
        [id],
      );
      if (locked.rowCount === 0) return 0;
      await emptyScope(client, id);
      return 1;
    });
  }
  return removed;
}

/** The work rows of runs that ended tell which tool calls nobody will ask for again. */
async function purgeToolCalls(pool: pg.Pool): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `select w.run_id as id from run_work w left join run r on r.id = w.run_id
       where r.id is null or r.ended_at < clock_ms() - $1::bigint limit ${ROWS_AT_ONCE} for update of w skip locked`,
      [TOOL_CALL_MS],
    );
    const ids = rows.map(({ id }) => id);
    await client.query('delete from tool_call where run_id = any ($1)', [ids]);
    await client.query('delete from run_work where run_id = any ($1)', [ids]);
    return ids.length;
  });
}
