import { connectionConfig, createDatabase, NamingClient } from '@muster/db/connection';
import { createClientRepository, type ClientRepository } from '@muster/db/repositories/client.repository';
import { createRunWatchRepository, type RunWatchRepository } from '@muster/db/repositories/run-watch.repository';
import { createRunWorkRepository, type RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { createToolListRepository, type ToolListRepository } from '@muster/db/repositories/tool-list.repository';
import { createFeedRepository } from '@muster/db/repositories/feed.repository';
import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { ScopeId } from '@muster/protocol/id';
import pg from 'pg';
import type { ImagedEntity } from '../../oracles/scope-image.ts';

const Client = pg.Client;
/** Tables are small, and runs many: a plan made anew costs more than a better one saves. */
const PLANNED_ONCE = '-c plan_cache_mode=force_generic_plan -c jit=off';

/** A connection for commits, kept from one gateway's death to the next one's birth. */
export interface RealConnection {
  client: pg.Client;
  pid: number;
  /** The statements that commit prepares are there. */
  isPrepared: boolean;
  /** What stands before it on the wire: one question at a time. */
  isInTransaction: boolean;
  /** Those statements, in their order. */
  learned: pg.QueryConfig[];
}

/** The Postgres of one simulating process. Connections outlive runs: making one takes longer than a run's commits. */
export class Database {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly feed: FeedRepository;
  readonly clients: ClientRepository;
  readonly runs: RunWorkRepository;
  readonly lists: ToolListRepository;
  readonly watches: RunWatchRepository;
  readonly #spare: RealConnection[] = [];
  readonly #lent = new Set<RealConnection>();
  #statements: pg.QueryConfig[] = [];
  readonly #monitor: pg.Client;
  #isMonitoring: Promise<unknown> | undefined;

  constructor(url: string) {
    this.url = url;
    this.pool = new pg.Pool({
      ...connectionConfig({ connectionString: url, application_name: 'sim', options: PLANNED_ONCE }),
      max: 4,
      // Real timers are the run's own while it lasts.
      idleTimeoutMillis: 0,
      Client: NamingClient as unknown as typeof pg.Client,
    } as pg.PoolConfig);
    this.pool.on('error', () => undefined);
    const db = createDatabase(this.pool);
    this.feed = createFeedRepository(db);
    this.clients = createClientRepository(db);
    this.runs = createRunWorkRepository(db);
    this.lists = createToolListRepository(db);
    this.watches = createRunWatchRepository(db);
    this.#monitor = new Client(url);
    this.#monitor.on('error', () => undefined);
  }

  async borrow(options: string | undefined): Promise<RealConnection> {
    const spare = this.#spare.pop();
    if (spare) {
      this.#lent.add(spare);
      return spare;
    }
    const client = new Client({
      ...connectionConfig({
        connectionString: this.url,
        application_name: 'sim commit',
        // By Postgres's own clock, which runs on while the run's stands: a slow machine would lose connections.
        options: `${options ?? ''} -c idle_in_transaction_session_timeout=0`,
      }),
    });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const made: RealConnection = { client, pid: rows[0]!.pid, isPrepared: false, isInTransaction: false, learned: [] };
    this.#lent.add(made);
    // A connection that is new must not show: it is lent as one that was there.
    for (const statement of this.#statements) await client.query(statement);
    made.isPrepared = this.#statements.length > 0;
    return made;
  }

  /** Prepares a statement as commit asks for it; later connections have it from their beginning. */
  async prepare(connection: RealConnection, statement: pg.QueryConfig): Promise<unknown> {
    connection.learned.push(statement);
    const answer = await connection.client.query(statement);
    if (statement.text !== 'rollback') return answer;
    connection.isPrepared = true;
    this.#statements = connection.learned;
    return answer;
  }

  async giveBack(connection: RealConnection): Promise<void> {
    if (!this.#lent.delete(connection)) return;
    if (connection.isInTransaction) await connection.client.query('rollback');
    connection.isInTransaction = false;
    this.#spare.push(connection);
  }

  /** Whether this backend waits for a lock that another transaction holds. */
  async isWaiting(pid: number): Promise<boolean> {
    const monitor = await this.#getMonitor();
    const { rowCount } = await monitor.query({
      name: 'waits',
      text: `select from pg_locks where pid = $1 and not granted and locktype in ('advisory', 'transactionid', 'tuple') limit 1`,
      values: [pid],
    });
    return rowCount === 1;
  }

  get hasOpenTransaction(): boolean {
    return [...this.#lent].some(({ isInTransaction }) => isInTransaction);
  }

  /** Whatever of these a person sees. */
  async readScopes(userId: string, scopes: ScopeId[]) {
    const answers = await this.feed.readScopes(scopes.map((scope) => ({ scope, readers: [userId] })));
    const found: { scope: ScopeId; seq: number; entities: ImagedEntity[] }[] = [];
    for (const answer of answers) {
      if (!answer?.roles.has(userId) || answer.read.kind !== 'snapshot') continue;
      found.push({ scope: answer.read.scope, seq: answer.read.seq, entities: answer.read.entities });
    }
    return found;
  }

  /** Connections of the dead are whole again. */
  async allGivenBack(): Promise<void> {
    // At once: one may wait for what another one holds.
    await Promise.all([...this.#lent].map((connection) => this.giveBack(connection)));
  }

  async query<T>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.pool.query(text, values)).rows as T[];
  }

  /** Between runs, on a connection of its own: it sets how triggers fire, which has a connection forget all its plans. */
  async change(text: string): Promise<void> {
    const monitor = await this.#getMonitor();
    await monitor.query(text);
  }

  async #getMonitor(): Promise<pg.Client> {
    this.#isMonitoring ??= this.#monitor.connect();
    await this.#isMonitoring;
    return this.#monitor;
  }

  async close(): Promise<void> {
    await Promise.all(this.#spare.splice(0).map(({ client }) => client.end()));
    if (this.#isMonitoring) await this.#monitor.end();
    await this.pool.end();
  }
}
