import type pg from 'pg';
import { inTransaction } from './in-transaction.ts';

/** Scopes looked at in one question, and log rows that one transaction touches. */
const SCOPES_AT_ONCE = 500;
const ROWS_AT_ONCE = 500;

export interface CompactSettings {
  /** Changes older than this … */
  catchUpMs: number;
  /** … or further than this from the head are not caught up with: whoever is behind them takes a snapshot. */
  catchUpChanges: number;
  /** How long the history of lists is kept; null: for ever. */
  historyMs: number | null;
}

export interface Compacted {
  /** Changes that a floor was raised over. */
  compacted: number;
  /** Changes whose row was removed, history and all. */
  historyRemoved: number;
}

interface Target {
  id: string;
  isList: boolean;
  floorSeq: number;
  historyFloor: number;
  /** Where the floors should be. */
  floorTo: number;
  historyTo: number;
}

/**
 * Raises the floors of all scopes. `floor_seq` bounds catching up: below it, scopes that nobody reads the history of
 * (conversations, people's own) keep only the shells of their changes, by which a mutation that is sent again is known;
 * lists keep all. `history_floor` bounds history: below it the rows go, and the floor with them.
 *
 * Each step takes the scope's row last and for a moment, so no commit waits for more than an update of that row. Done
 * twice, by two at once or cut short anywhere it comes to the same.
 *
 * @param isOver asked between the steps: time is up
 */
export async function compactLogs(
  pool: pg.Pool,
  settings: CompactSettings,
  isOver: () => boolean = () => false,
): Promise<Compacted> {
  const done: Compacted = { compacted: 0, historyRemoved: 0 };
  for (let after: string | undefined = ''; after !== undefined && !isOver();) {
    const { targets, last } = await findTargets(pool, settings, after);
    for (const target of targets) {
      if (isOver()) break;
      done.compacted += await raiseFloor(pool, target, isOver);
      done.historyRemoved += await removeHistory(pool, target, isOver);
    }
    // Where one look did not reach far enough, it looks again.
    if (!targets.some(isCutShort)) after = last;
  }
  return done;
}

/**
 * What stands to be done in the next scopes, by their ids. A scope's `at` never runs back, so its first change above the
 * floor tells whether there is anything; how far, is read only then.
 */
async function findTargets(
  pool: pg.Pool,
  { catchUpMs, catchUpChanges, historyMs }: CompactSettings,
  after: string,
): Promise<{ targets: Target[]; last: string | undefined }> {
  const lastOlder = (floor: string, age: string) => `case
    when s.head_at < clock_ms() - ${age} then s.head_seq
    when (select at from change where scope_id = s.id and seq = ${floor} + 1) < clock_ms() - ${age} then
      (select max(c.seq) from (select seq, at from change where scope_id = s.id and seq > ${floor}
        order by seq limit $4) c where c.at < clock_ms() - ${age})
    else 0 end`;
  const { rows } = await pool.query<Target>(
    `select s.id, s.kind = 'list' as "isList", s.floor_seq as "floorSeq", s.history_floor as "historyFloor",
       greatest(s.floor_seq, s.head_seq - $3::bigint, ${lastOlder('s.floor_seq', '$2::bigint')}) as "floorTo",
       case when $5::bigint is null then s.history_floor
         else greatest(s.history_floor, ${lastOlder('s.history_floor', '$5::bigint')}) end as "historyTo"
     from (select * from scope where id > $1 and gone is null order by id limit ${SCOPES_AT_ONCE}) s order by s.id`,
    [after, catchUpMs, catchUpChanges, MOST_READ, historyMs],
  );
  return {
    targets: rows.filter(
      ({ floorSeq, floorTo, historyFloor, historyTo }) => floorTo > floorSeq || historyTo > historyFloor,
    ),
    last: rows.length < SCOPES_AT_ONCE ? undefined : rows.at(-1)?.id,
  };
}

/** How far one look goes in a log that was never cared for. */
const MOST_READ = 5_000;

const isCutShort = ({ floorSeq, floorTo, historyFloor, historyTo }: Target): boolean =>
  floorTo - floorSeq >= MOST_READ || historyTo - historyFloor >= MOST_READ;

async function raiseFloor(pool: pg.Pool, target: Target, isOver: () => boolean): Promise<number> {
  let from = target.floorSeq;
  while (from < target.floorTo && !isOver()) {
    const to = target.isList ? target.floorTo : Math.min(from + ROWS_AT_ONCE, target.floorTo);
    await inTransaction(pool, async (client) => {
      if (!target.isList) {
        await client.query(
          `update change set effects = '[]', prev = '[]', overwrote = null
           where scope_id = $1 and seq > $2 and seq <= $3 and effects <> '[]'`,
          [target.id, from, to],
        );
      }
      await client.query('update scope set floor_seq = $2 where id = $1 and floor_seq < $2', [target.id, to]);
    });
    from = to;
  }
  return from - target.floorSeq;
}

async function removeHistory(pool: pg.Pool, target: Target, isOver: () => boolean): Promise<number> {
  let removed = 0;
  for (let from = target.historyFloor; from < target.historyTo && !isOver();) {
    const to = Math.min(from + ROWS_AT_ONCE, target.historyTo);
    removed += await inTransaction(pool, async (client) => {
      const { rowCount } = await client.query('delete from change where scope_id = $1 and seq > $2 and seq <= $3', [
        target.id,
        from,
        to,
      ]);
      await client.query(
        `update scope set floor_seq = greatest(floor_seq, $2), history_floor = $2 where id = $1 and history_floor < $2`,
        [target.id, to],
      );
      return rowCount ?? 0;
    });
    from = to;
  }
  if (removed > 0) {
    await pool.query(
      `delete from conflict_dismissal where scope_id = $1
       and seq <= (select history_floor from scope where id = $1)`,
      [target.id],
    );
  }
  return removed;
}
