import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit, CommitOutcome, SubmittedCommand } from '@muster/db/commit/types';
import { createDatabase, createPool } from '@muster/db/connection';
import { createRunWorkRepository, type RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createToolListRepository, type ToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { runIdOf } from '@muster/domain/run-ids';
import type { Packet } from '@muster/protocol/change';
import { redisNames, type RedisNames } from '@muster/protocol/internal/channels';
import { parseRunStreamEntry, type RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Item } from '@muster/protocol/run';
import { createLogger, silentLogger } from '@muster/runtime/logger';
import { createTestDatabase } from '@muster/testing/database';
import { createTestRedis } from '@muster/testing/redis';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type pg from 'pg';

/** Two people, a list that they share, and its conversation, on a real Postgres and a real Redis. */
export interface World {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  names: RedisNames;
  redis: Redis;
  pool: pg.Pool;
  commit: Commit;
  runs: RunWorkRepository;
  lists: ToolListRepository;
  packets: Packet[];
  ada: string;
  grace: string;
  listId: string;
  threadId: string;
  /** As a person. @throws where it is not applied */
  act(actor: string, name: string, args: unknown): Promise<CommitOutcome & { status: 'applied' }>;
  /** Ada asks, in the list's conversation. @returns the run's id */
  ask(text: string, more?: { threadId?: string; asker?: string }): Promise<string>;
  newThread(more?: { listId?: string | undefined }): Promise<string>;
  addTask(title: string, more?: Record<string, unknown>): Promise<string>;
  run(runId: string): Promise<RunRow>;
  items(runId: string): Promise<(Item & { text: string | null })[]>;
  /** Titles of the live tasks, in order. */
  titles(): Promise<string[]>;
  stream(runId: string): Promise<RunStreamEntry[]>;
  close(): Promise<void>;
}

export interface RunRow {
  status: string;
  attempt: number;
  error: { code: string; message: string } | null;
  model: string | null;
  usage: Record<string, number> | null;
}

export async function createWorld(): Promise<World> {
  const database = await createTestDatabase();
  const { url: redisUrl, prefix } = createTestRedis();
  const names = redisNames(prefix);
  const redis = new Redis(redisUrl);
  const pool = createPool({ connectionString: database.url, max: 10 });
  const db = createDatabase(pool);
  const packets: Packet[] = [];
  const commit = createCommit({ databaseUrl: database.url, pool, publish: (more) => void packets.push(...more) });
  const [ada, grace, listId] = [randomUUID(), randomUUID(), randomUUID()];
  const ids = { ada, grace, listId };

  const submit = async (actor: string, commands: SubmittedCommand[]) => {
    const outcome = await commit({ actor: { id: actor, kind: 'person' }, commands });
    if (outcome.status !== 'applied') throw new Error(`${commands[0]?.name}: ${JSON.stringify(outcome)}`);
    return outcome;
  };
  const act: World['act'] = (actor, name, args) => submit(actor, [{ name, args }]);
  const newThread: World['newThread'] = async (more = { listId }) => {
    const id = randomUUID();
    await act(ada, 'thread.create', { id, ...(more.listId === undefined ? {} : { listId: more.listId }) });
    return id;
  };

  for (const [id, name] of [
    [ada, 'Ada Lovelace'],
    [grace, 'Grace Hopper'],
  ]) {
    await pool.query('select ensure_principal($1, $2, $3, null)', [id, 'person', name]);
  }
  await act(ada, 'list.create', { id: listId, title: 'Trip' });
  await pool.query('insert into acl_grant (acl_id, subject, role) values ($1, $2, $3)', [
    `list:${listId}`,
    grace,
    'editor',
  ]);
  const threadId = await newThread();

  return {
    ...ids,
    databaseUrl: database.url,
    redisUrl,
    prefix,
    names,
    redis,
    pool,
    commit,
    runs: createRunWorkRepository(db),
    lists: createToolListRepository(db),
    packets,
    threadId,
    act,
    newThread,
    async ask(text, more = {}) {
      const id = randomUUID();
      await act(more.asker ?? ada, 'message.send', {
        id,
        threadId: more.threadId ?? threadId,
        text,
        zone: 'Europe/Berlin',
      });
      return runIdOf(id);
    },
    async addTask(title, more = {}) {
      const id = randomUUID();
      await act(ada, 'task.create', { id, listId, title, ...more });
      return id;
    },
    async run(runId) {
      const { rows } = await pool.query<RunRow>('select status, attempt, error, model, usage from run where id = $1', [
        runId,
      ]);
      return rows[0] as RunRow;
    },
    async items(runId) {
      const { rows } = await pool.query<Item & { text: string | null }>(
        `select i.run_id || ':' || i.n as id, i.n, i.kind, i.call_id as "callId", i.body, i.state, m.text
         from run_item i left join message m on m.id = i.body ->> 'messageId' where i.run_id = $1 order by i.n`,
        [runId],
      );
      return rows;
    },
    async titles() {
      const { rows } = await pool.query<{ title: string }>(
        'select title from task where scope_id = $1 and deleted_at is null order by pos, id',
        [`list:${listId}`],
      );
      return rows.map((row) => row.title);
    },
    async stream(runId) {
      const stored = await redis.xrange(names.runStream(runId), '-', '+');
      return stored.map(([, fields]) => parseRunStreamEntry(fields[1] ?? '') as RunStreamEntry);
    },
    async close() {
      await commit.close();
      await db.destroy();
      redis.disconnect();
      await database.drop();
    },
  };
}

/** Set MUSTER_TEST_LOG to read along. */
export const quiet = process.env['MUSTER_TEST_LOG'] ? createLogger({ name: 'test', level: 'debug' }) : silentLogger();
