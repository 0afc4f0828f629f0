import type { ErasureForgetArgs, ErasureLeaveArgs, ErasureLeaveResult } from '@muster/domain/commands/erasure';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import type pg from 'pg';
import type { Commit } from '../commit/types.ts';
import { emptyScope } from './empty-scope.ts';
import { inTransaction } from './in-transaction.ts';

/** What others see where a name stood. */
export const ERASED_NAME = 'Deleted person';

/** Messages, or runs, that one commit takes back: a packet of a few hundred kB at most. */
const AT_ONCE = 20;
/** They are locked out before the first round, so a second finds what was on its way, and a third finds nothing. */
const MOST_ROUNDS = 10;

export interface EraseDeps {
  pool: pg.Pool;
  commit: Commit;
  /** Told as soon as they are locked out: the sessions and tokens whose sockets are to be closed. */
  onLockedOut?: (sessionIds: string[]) => void;
}

export interface ErasureReport {
  /** False where nobody with this id was ever here; it is noted all the same. */
  isKnown: boolean;
  /** Lists that go on without them. */
  left: string[];
  /** Of these, the ones that they were the last owner of, and to whom they passed. */
  passedOn: { listId: string; heir: string }[];
  /** Lists that had nobody who could take them over. */
  deleted: string[];
  /** Messages and answers taken back from conversations of others. */
  messages: number;
}

/**
 * Erases a person for good: they are locked out, leave their lists, what they said is taken back, their own scope goes,
 * and the log forgets what it held of all that. Each step goes through commit or takes its locks, and may be repeated:
 * killed anywhere, it is taken up again ({@link listOpenErasures}).
 *
 * What they wrote into lists that others keep stays those lists', under no name.
 */
export async function erasePerson(deps: EraseDeps, personId: string): Promise<ErasureReport> {
  const { pool } = deps;
  const { ids, isKnown, sessionIds } = await lockOut(pool, personId);
  deps.onLockedOut?.(sessionIds);
  const report: ErasureReport = { isKnown, left: [], passedOn: [], deleted: [], messages: 0 };
  const id = ids[0] as string;
  for (let round = 0; ; round++) {
    if (round === MOST_ROUNDS) throw new Error(`${id} cannot be erased: something of them keeps coming back`);
    await noteWhereTheyAre(pool, ids);
    await leaveLists(deps, id, report);
    const forgotten = await forgetMessages(deps, ids);
    report.messages += forgotten;
    const isEnded = await submit(deps.commit, id, 'erasure.end', {});
    if (isEnded !== undefined && forgotten === 0) break;
  }
  for (const scope of await listTheirGoneScopes(pool, ids)) await emptyGoneScope(pool, scope);
  for (const thread of await listTheirThreads(pool, ids)) await hollowOut(pool, thread, ids);
  await pool.query('delete from client where principal_id = any ($1)', [ids]);
  await pool.query('delete from idempotency where subject = any ($1)', [ids]);
  await pool.query('delete from conflict_dismissal where principal_id = any ($1)', [ids]);
  await pool.query('update erasure set done_at = clock_ms() where principal_id = any ($1)', [ids]);
  return report;
}

/** Erasures that were asked for and did not come to their end. */
export async function listOpenErasures(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select principal_id as id from erasure where done_at is null order by asked_at, principal_id limit 1000',
  );
  return rows.map(({ id }) => id);
}

/** The principal behind an id or an address; a guest who became a person is that person. */
export async function findPerson(pool: pg.Pool, idOrEmail: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    `select coalesce(p.merged_into, found.id) as id
     from (select id from "user" where lower(email) = lower($1) union select id from principal where id = $1
       union select id from "user" where id = $1) found
     left join principal p on p.id = found.id where p.kind is null or p.kind not in ('agent', 'service')`,
    [idOrEmail],
  );
  return rows[0]?.id;
}

/** Who asks for anything from now on is nobody. The ids are theirs, and those of the guests whom they were. */
function lockOut(pool: pg.Pool, personId: string): Promise<{ ids: string[]; isKnown: boolean; sessionIds: string[] }> {
  return inTransaction(pool, async (client) => {
    const idsOf = async (sql: string, value: unknown): Promise<string[]> =>
      (await client.query<{ id: string }>(sql, [value])).rows.map(({ id }) => id);
    const guests = await idsOf('select id from principal where merged_into = $1 order by id', personId);
    const ids = [personId, ...guests];
    const known = await idsOf(
      'select id from principal where id = any ($1) union select id from "user" where id = any ($1)',
      ids,
    );
    await client.query(
      'insert into erasure (principal_id) values ($1) on conflict (principal_id) do update set done_at = null',
      [personId],
    );
    const sessionIds = await idsOf(
      'select id from "session" where "userId" = any ($1) union select id from api_token where principal_id = any ($1)',
      ids,
    );
    const emails = await idsOf('select email as id from "user" where id = any ($1)', ids);
    await client.query('delete from mail where email = any (select lower(unnest($1::text[])))', [emails]);
    await client.query('delete from invitation where lower(email) = any (select lower(unnest($1::text[])))', [emails]);
    await client.query(
      `delete from verification v where exists (select from unnest($1::text[]) known
         where strpos(v.value, known) > 0 or strpos(v.identifier, known) > 0)`,
      [[...emails, ...ids]],
    );
    await client.query('delete from api_token where principal_id = any ($1)', [ids]);
    await client.query('delete from "user" where id = any ($1)', [ids]);
    await client.query(`update principal set kind = 'erased', expires_at = null where id = any ($1)`, [ids]);
    await client.query('update profile set name = $2, image = null where principal_id = any ($1)', [ids, ERASED_NAME]);
    return { ids, isKnown: known.length > 0, sessionIds };
  });
}

/** Kept before anything of it is undone: afterwards nothing else would tell. */
async function noteWhereTheyAre(pool: pg.Pool, ids: string[]): Promise<void> {
  await pool.query(
    `update erasure e set
       lists = array(select unnest(e.lists) union select acl_id from acl_grant
         where subject = any ($1) and starts_with(acl_id, 'list:')),
       threads = array(select unnest(e.threads) union select scope_id from message where author_id = any ($1)
         union select scope_id from run where asker_id = any ($1))
     where e.principal_id = $2`,
    [ids, ids[0]],
  );
}

async function leaveLists({ pool, commit }: EraseDeps, id: string, report: ErasureReport): Promise<void> {
  const { rows } = await pool.query<{ scope: ScopeId; successors: string[] }>(
    `select own.scope, array(select g.subject from acl_grant g where g.acl_id = own.scope and g.subject <> $1
         and (g.expires_at is null or g.expires_at > clock_ms()) order by g.created_at, g.subject) as successors
     from (select acl_id as scope from acl_grant where subject = $1 and starts_with(acl_id, 'list:')
       union select 'list:' || id from membership where scope_id = 'user:' || $1) own order by own.scope`,
    [id],
  );
  for (const { scope, successors } of rows) {
    const args: ErasureLeaveArgs = { listId: parseScope(scope).id, successors };
    const result = (await submit(commit, id, 'erasure.leave', args)) as ErasureLeaveResult | undefined;
    if (result?.left === 'deleted') report.deleted.push(args.listId);
    if (result?.left === 'list' || result?.left === 'owned') report.left.push(args.listId);
    if (result?.left === 'owned') report.passedOn.push({ listId: args.listId, heir: result.heir });
  }
}

/** @returns how many messages and runs were found and taken back */
async function forgetMessages({ pool, commit }: EraseDeps, ids: string[]): Promise<number> {
  const { rows } = await pool.query<{ scope: ScopeId; id: string; kind: 'messageIds' | 'runIds' }>(
    `select f.scope_id as scope, f.id, f.kind from (
       select scope_id, id, 'messageIds' as kind from message where author_id = any ($1)
       union select m.scope_id, m.id, 'messageIds' from run r join message m on m.scope_id = r.scope_id and m.run_id = r.id
         where r.asker_id = any ($1)
       union select scope_id, id, 'runIds' from run where asker_id = any ($1)) f
     join scope s on s.id = f.scope_id and s.gone is null and s.acl_id <> 'user:' || $2
     order by f.scope_id, f.kind, f.id`,
    [ids, ids[0]],
  );
  for (const scope of new Set(rows.map((row) => row.scope))) {
    const found = rows.filter((row) => row.scope === scope);
    for (let at = 0; at < found.length; at += AT_ONCE) {
      const some = found.slice(at, at + AT_ONCE);
      const of = (kind: 'messageIds' | 'runIds') => some.filter((row) => row.kind === kind).map((row) => row.id);
      const args: ErasureForgetArgs = {
        threadId: parseScope(scope).id,
        messageIds: of('messageIds'),
        runIds: of('runIds'),
      };
      await submit(commit, ids[0] as string, 'erasure.forget', args);
    }
  }
  return rows.length;
}

/** @returns the command's result, null for none; undefined where it was rejected, which the next round looks into */
async function submit(commit: Commit, id: string, name: string, args: unknown): Promise<unknown> {
  const outcome = await commit({
    actor: { id, kind: 'erased' },
    commands: [{ name, args }],
    trusted: true,
  });
  if (outcome.status === 'applied') return outcome.results[0] ?? null;
  if (outcome.status === 'rejected' && ['conflict', 'not_found'].includes(outcome.error.code)) return undefined;
  throw outcome.status === 'rejected' ? outcome.error : new Error(`${name} was answered ${outcome.status}`);
}

/** Their own scopes and those that shared their rights; deleted lists that they were in or deleted themselves. */
async function listTheirGoneScopes(pool: pg.Pool, ids: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `with list as (
       select s.id from scope s where s.kind = 'list' and s.gone = 'deleted' and (
         s.id in (select unnest(lists) from erasure where principal_id = $2)
         or exists (select from change c where c.scope_id = s.id and c.seq = s.head_seq and c.actor = any ($1)))
     )
     select s.id from scope s where s.gone is not null
       and (s.acl_id in (select id from list) or s.acl_id = any ($3) or s.id = any ($3)) order by s.id`,
    [ids, ids[0], ids.map((id) => scopeOf('user', id))],
  );
  return rows.map(({ id }) => id);
}

async function emptyGoneScope(pool: pg.Pool, scope: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('select from scope where id = $1 for update', [scope]);
    await emptyScope(client, scope);
  });
}

async function listTheirThreads(pool: pg.Pool, ids: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select s.id from erasure e join scope s on s.id = any (e.threads)
     where e.principal_id = $1 and s.gone is null order by s.id`,
    [ids[0]],
  );
  return rows.map(({ id }) => id);
}

/** What the log of a conversation held of theirs; whoever is behind takes a snapshot, which holds nothing of it. */
async function hollowOut(pool: pg.Pool, thread: string, ids: string[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `delete from tool_call where run_id in
         (select run_id from change where scope_id = $1 and actor_for = any ($2) and run_id is not null)`,
      [thread, ids],
    );
    await client.query(
      `delete from run_work where run_id in
         (select run_id from change where scope_id = $1 and actor_for = any ($2) and run_id is not null)`,
      [thread, ids],
    );
    await client.query(
      `update change set effects = '[]', prev = '[]', overwrote = null
       where scope_id = $1 and (actor = any ($2) or actor_for = any ($2)) and effects <> '[]'`,
      [thread, ids],
    );
    // The scope's row comes last and only for a moment, as in a compaction: others may go on writing until then.
    await client.query('update scope set floor_seq = head_seq where id = $1', [thread]);
  });
}
