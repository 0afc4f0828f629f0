import type { ScopeId } from '@muster/protocol/id';
import type { ApprovalBody, Item, RunStatus } from '@muster/protocol/run';
import { sql } from 'kysely';
import type { Reader } from './visible.ts';

/** A run as the worker needs to know it. */
export interface RunWork {
  id: string;
  /** `thread:<id>` */
  scope: ScopeId;
  /** Whose the thread is: `list:<id>` or `user:<id>`. */
  holder: ScopeId;
  messageId: string;
  askerId: string;
  zone: string | null;
  locale: string | null;
  status: RunStatus;
  attempt: number;
  stopRequestedBy: string | null;
  /** Since the worker's last beat; null before the first. */
  silentMs: number | null;
}

/** What has to be looked at before every flush and every tool call. */
export interface RunGuard {
  status: RunStatus;
  attempt: number;
  stopRequestedBy: string | null;
  /** Of the thread's acl: what viewers' gateways compare their members with. */
  aclEpoch: number;
}

/** An item with the words of its message. */
export type ItemWithText = Item & { runId: string; text: string | null };

export interface ThreadMessage {
  id: string;
  role: 'user' | 'assistant';
  authorId: string;
  authorName: string | null;
  text: string;
  /** The run that answers it (a user's message), or that wrote it. */
  runId: string | null;
}

/** A run that waits for a worker. */
export interface WaitingRun {
  runId: string;
  attempt: number;
}

/** What the worker reads of runs, whoever asked them, and its heartbeat and hand-backs: all that it writes past commit. */
export const createRunWorkRepository = (db: Reader) => ({
  findRun: async (runId: string): Promise<RunWork | undefined> => {
    const { rows } = await sql<RunWork>`
      select r.id, r.scope_id as scope, t.scope_id as holder, r.message_id as "messageId", r.asker_id as "askerId",
        coalesce(r.zone, p.zone) as zone, coalesce(r.locale, p.locale) as locale, r.status, r.attempt,
        r.stop_requested_by as "stopRequestedBy", (clock_ms() - w.heartbeat_at)::float8 as "silentMs"
      from run r
      join scope s on s.id = r.scope_id and s.gone is null
      join thread t on t.id = substr(r.scope_id, 8)
      left join settings p on p.scope_id = 'user:' || r.asker_id
      left join run_work w on w.run_id = r.id
      where r.id = ${runId}`.execute(db);
    return rows[0];
  },

  /** Of many runs at once: the guards of all runs of a process are one query. A run whose thread is gone is missing. */
  readGuards: async (runIds: string[]): Promise<Map<string, RunGuard>> => {
    const { rows } = await sql<RunGuard & { id: string }>`
      select r.id, r.status, r.attempt, r.stop_requested_by as "stopRequestedBy", a.epoch::float8 as "aclEpoch"
      from run r join scope s on s.id = r.scope_id and s.gone is null join acl a on a.id = s.acl_id
      where r.id = any (${runIds})`.execute(db);
    return new Map(rows.map(({ id, ...guard }) => [id, guard]));
  },

  /** All items of some runs, in order. */
  listItems: async (runIds: string[]): Promise<ItemWithText[]> => {
    const { rows } = await sql<ItemWithText>`
      select i.run_id || ':' || i.n as id, i.run_id as "runId", i.n, i.kind, i.call_id as "callId", i.body, i.state, m.text
      from run_item i left join message m on i.kind = 'message' and m.id = i.body ->> 'messageId'
      where i.run_id = any (${runIds}) order by i.run_id, i.n`.execute(db);
    return rows;
  },

  /**
   * What holds for a tool in a thread without asking: the newest decision that was to be remembered, by somebody who may
   * still edit.
   */
  findRemembered: async (scope: ScopeId, tool: string): Promise<ApprovalBody | undefined> => {
    const { rows } = await sql<{ body: ApprovalBody }>`
      select a.body from run r
      join scope s on s.id = r.scope_id
      join run_item a on a.run_id = r.id and a.kind = 'approval' and a.body @> '{"remember": true}'
      join run_item c on c.run_id = r.id and c.kind = 'tool_call' and c.call_id = a.call_id and c.body ->> 'name' = ${tool}
      where r.scope_id = ${scope} and effective_role(s.acl_id, a.body ->> 'by') in ('owner', 'editor')
      order by r.queued_at desc, a.n desc limit 1`.execute(db);
    return rows[0]?.body;
  },

  /** What people wrote in a thread up to a message, that one included: the last `limit`, oldest first. */
  listAsked: async (scope: ScopeId, messageId: string, limit: number): Promise<ThreadMessage[]> => {
    const { rows } = await sql<ThreadMessage>`
      select m.id, m.role, m.author_id as "authorId", p.name as "authorName", m.text, m.run_id as "runId"
      from message u join message m on m.scope_id = u.scope_id and (m.created_at, m.id) <= (u.created_at, u.id)
      left join profile p on p.principal_id = m.author_id
      where u.id = ${messageId} and u.scope_id = ${scope} and m.role = 'user'
      order by m.created_at desc, m.id desc limit ${limit}`.execute(db);
    return rows.reverse();
  },

  /** What a thread does, and which of its runs is next. */
  readThread: async (scope: ScopeId): Promise<{ isBusy: boolean; next: WaitingRun | undefined }> => {
    const { rows } = await sql<{ id: string; status: RunStatus; attempt: number }>`
      select id, status, attempt from run
      where scope_id = ${scope} and status in ('queued', 'running', 'awaiting_approval')
      order by queued_at, id`.execute(db);
    const next = rows.find((row) => row.status === 'queued');
    return {
      isBusy: rows.some((row) => row.status !== 'queued'),
      next: next && { runId: next.id, attempt: next.attempt },
    };
  },

  /** The oldest queued run of each idle thread, where it has waited for longer than `olderThanMs`. */
  listWaiting: async (olderThanMs: number, limit: number): Promise<WaitingRun[]> => {
    const { rows } = await sql<WaitingRun>`
      select q.id as "runId", q.attempt from (
        select distinct on (r.scope_id) r.id, r.attempt, r.queued_at from run r
        join scope s on s.id = r.scope_id and s.gone is null
        where r.status = 'queued' and not exists (
          select 1 from run b where b.scope_id = r.scope_id and b.status in ('running', 'awaiting_approval'))
        order by r.scope_id, r.queued_at, r.id) q
      where q.queued_at <= clock_ms() - ${olderThanMs}::bigint order by q.queued_at limit ${limit}`.execute(db);
    return rows;
  },

  /** Runs whose worker has not been heard of for `silentForMs`. */
  listSilent: async (silentForMs: number, limit: number): Promise<(WaitingRun & { askerId: string })[]> => {
    const { rows } = await sql<WaitingRun & { askerId: string }>`
      select r.id as "runId", r.attempt, r.asker_id as "askerId" from run r
      join scope s on s.id = r.scope_id and s.gone is null
      left join run_work w on w.run_id = r.id
      where r.status = 'running' and coalesce(w.heartbeat_at, 0) <= clock_ms() - ${silentForMs}::bigint
      order by r.queued_at limit ${limit}`.execute(db);
    return rows;
  },

  beat: async (runId: string): Promise<void> => {
    await sql`insert into run_work (run_id, heartbeat_at) values (${runId}, clock_ms())
      on conflict (run_id) do update set heartbeat_at = excluded.heartbeat_at`.execute(db);
  },

  /** A process that goes has handed its run back. Kept beside the heartbeat, which leaves it alone. */
  noteHandBack: async (runId: string): Promise<void> => {
    await sql`update run_work
      set state = jsonb_build_object('handBacks', coalesce((state ->> 'handBacks')::int, 0) + 1)
      where run_id = ${runId}`.execute(db);
  },

  countHandBacks: async (runId: string): Promise<number> => {
    const { rows } = await sql<{ count: number | null }>`
      select (state ->> 'handBacks')::int as count from run_work where run_id = ${runId}`.execute(db);
    return rows[0]?.count ?? 0;
  },

  /** What ended within the last `withinMs`, by outcome, and how long it took on average from its start. */
  listEnded: async (withinMs: number): Promise<{ status: string; count: number; meanMs: number }[]> => {
    const { rows } = await sql<{ status: string; count: number; meanMs: number }>`
      select status, count(*)::int as count, coalesce(avg(ended_at - started_at), 0)::float8 as "meanMs"
      from run where ended_at > clock_ms() - ${withinMs}::bigint group by status`.execute(db);
    return rows;
  },

  /** What waits and what works, and since when the oldest waits. What has gone with its conversation does neither. */
  readQueue: async (): Promise<{ queued: number; running: number; oldestMs: number }> => {
    const { rows } = await sql<{ queued: number; running: number; oldestMs: number }>`
      select count(*) filter (where r.status = 'queued')::int as queued,
        count(*) filter (where r.status = 'running')::int as running,
        coalesce(clock_ms() - min(r.queued_at) filter (where r.status = 'queued'), 0)::float8 as "oldestMs"
      from run r join scope s on s.id = r.scope_id and s.gone is null
      where r.status in ('queued', 'running')`.execute(db);
    return rows[0] ?? { queued: 0, running: 0, oldestMs: 0 };
  },
});
export type RunWorkRepository = ReturnType<typeof createRunWorkRepository>;
