import type { Role } from '@muster/protocol/principal';
import pg from 'pg';
import { connectionConfig } from '../connection.ts';
import type { RowsStep } from './at-once.ts';
import { Flight, textArray, type FlightResult, type Step } from './flight.ts';
import type { LoadPlan } from './load-plan.ts';
import { ONE_ARGUMENTS } from './one-at-once.ts';
import { encodeRows, ROW_TYPES, type RowType } from './rows.ts';
import type { Wants } from './wants.ts';

/**
 * A frozen process must not keep others waiting for its locks: Postgres ends its transaction after this long. No network
 * and no model call stands between a commit's flights, so a sound one takes milliseconds.
 */
const FROZEN_AFTER_MS = 5_000;
/** Waiting this long for a lock means that something is badly wrong; the client asks again. */
const LOCK_WITHIN_MS = 15_000;

const OPTIONS = [
  // Later statements must see what the locks of earlier ones waited for.
  '-c default_transaction_isolation=read\\ committed',
  // Plans of the flights are made once: their arrays vary in length, never in kind.
  '-c plan_cache_mode=force_generic_plan',
  '-c jit=off',
  // All that the flights touch is found by its key. Costed on a small or freshly analyzed table, Postgres would rather
  // read it whole, and keep that plan while the table grows: 240 instead of 80 µs for a load.
  '-c enable_seqscan=off',
  '-c enable_hashjoin=off',
  '-c enable_mergejoin=off',
  '-c enable_bitmapscan=off',
  `-c idle_in_transaction_session_timeout=${FROZEN_AFTER_MS}`,
  `-c lock_timeout=${LOCK_WITHIN_MS}`,
].join(' ');

/**
 * Statements, by the names under which each connection prepares them: executed once in this order, which changes nothing,
 * and has the functions' own statements planned while nobody waits for a lock.
 */
const STATEMENTS: { name: string; text: string; values?: (string | null)[] }[] = [
  { name: 'begin', text: 'begin isolation level read committed' },
  {
    name: 'load',
    text: 'select commit_load($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)',
    values: ['{}', 'false', ...Array<string>(11).fill('{}'), null],
  },
  {
    name: 'loadOne',
    text: 'select commit_load_one($1, $2, $3, $4, $5, $6, $7)',
    values: ['', '', '', '0', '', null, null],
  },
  { name: 'more', text: 'select commit_load_more($1)', values: ['{}'] },
  { name: 'authors', text: 'select commit_load_authors($1)', values: ['[]'] },
  { name: 'ensure', text: 'select commit_ensure($1)', values: ['{}'] },
  {
    name: 'persist',
    text: 'select commit_persist($1, $2, $3, $4, $5, $6)',
    values: [null, null, null, null, null, null],
  },
  {
    name: 'atOnce',
    text: 'select commit_rows_at_once($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: ['', '0', '{}', '{}', '{}', '{}', '{}', '{}', '{}'],
  },
  {
    name: 'oneAtOnce',
    text: `select commit_one_at_once(${Array.from({ length: ONE_ARGUMENTS }, (_, index) => `$${index + 1}`).join(', ')})`,
    values: Array<null>(ONE_ARGUMENTS).fill(null),
  },
  { name: 'commit', text: 'commit' },
  { name: '', text: 'begin' },
  { name: 'rollback', text: 'rollback' },
];

const BEGIN = { statement: 'begin', values: [] };
const COMMIT = { statement: 'commit', values: [] };
const ROLLBACK = { statement: 'rollback', values: [] };

export type Loaded = [
  now: number,
  logEpoch: string,
  scopes: unknown[] | null,
  taken: string[] | null,
  clients: [id: string, principal: string, lastMid: number][] | null,
  roles: [acl: string, subject: string, role: Role | null, epoch: number | null][] | null,
  tasks: unknown[] | null,
  last: unknown[] | null,
  more: Record<string, unknown[] | null> | null,
];

/** One connection for commits: two flights a batch, each pipelined. It is made again after it broke. */
export class CommitConnection {
  #client: pg.Client | undefined;
  /** Holds the locks. What follows the load must never go to another: it would write with no lock at all. */
  #inTransaction: pg.Client | undefined;
  /** Object ids of the composite types of rows in this database. */
  #types = new Map<RowType, number>();
  readonly #connectionString: string;
  readonly #onError: (error: Error) => void;

  constructor(connectionString: string, onError: (error: Error) => void) {
    this.#connectionString = connectionString;
    this.#onError = onError;
  }

  /** Flight 1: begins, locks, loads. What the plan wants beyond the arrays goes along as JSON. */
  async load(plan: LoadPlan): Promise<Loaded> {
    const client = this.#client ?? (await this.#connect());
    this.#inTransaction = client;
    const one = valuesOfOne(plan);
    if (one) {
      const { columns } = await Flight.run(client, [BEGIN, { statement: 'loadOne', values: one }]);
      if (typeof columns[0] === 'string') return JSON.parse(columns[0]) as Loaded;
    }
    const load = { statement: 'load', values: valuesOf(plan) };
    const { columns } = await Flight.run(client, one ? [load] : [BEGIN, load]);
    return JSON.parse(columns[0] as string) as Loaded;
  }

  async loadMore(wants: Wants): Promise<Record<string, unknown[] | null>> {
    const more = { statement: 'more', values: [wants.toJson()] };
    if (!wants.has('authors')) {
      const { columns } = await this.#run([more]);
      return JSON.parse(columns[0] as string) as Record<string, unknown[] | null>;
    }
    const authors = { statement: 'authors', values: [JSON.stringify(wants.of('authors'))] };
    const { columns } = await this.#run([more, authors]);
    const [found, who] = columns.map((column) => JSON.parse(column ?? 'null')) as [
      Record<string, unknown[] | null>,
      unknown[] | null,
    ];
    return { ...found, authors: who };
  }

  /** Makes the `user:<id>` of accounts that never came by themselves: they were invited first. */
  async ensure(userIds: string[]): Promise<void> {
    await this.#run([{ statement: 'ensure', values: [textArray(userIds)] }]);
  }

  /**
   * Flight 2: persists and commits. After an error a commit is silently a rollback, so the function's own result counts.
   * @returns how many changes were written
   */
  async persist(values: (string | null)[]): Promise<number> {
    const { columns, commands } = await this.#run([{ statement: 'persist', values }, COMMIT]);
    this.#inTransaction = undefined;
    if (commands[1] !== 'COMMIT') throw new Error(`the commit ended in ${commands[1]}`);
    return Number(columns[0]);
  }

  /**
   * Both flights in one, of a batch that was decided on what is remembered: locks, compares, persists, commits.
   * @returns the clock; negative where something is not as remembered, and nothing was written
   */
  async commitAtOnce({ statement, values }: RowsStep): Promise<number> {
    const client = this.#client ?? (await this.#connect());
    const encoded = values.map((value) =>
      value !== null && typeof value === 'object' ? encodeRows(value, this.#types.get(value.type) as number) : value,
    );
    // A transaction of its own, which ends at the flight's sync: an error there is the flight's too.
    const { columns } = await Flight.run(client, [{ statement, values: encoded }]);
    return Number(columns[0]);
  }

  async rollBack(): Promise<void> {
    if (this.#inTransaction) await this.#run([ROLLBACK]);
    this.#inTransaction = undefined;
  }

  /** The connection cannot be trusted any more: an unfinished transaction ends with it. */
  drop(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#inTransaction = undefined;
    client?.end().catch(() => undefined);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  /** In the transaction that {@link load} began. A connection that broke meanwhile took it along. */
  async #run(steps: Step[]): Promise<FlightResult> {
    if (!this.#inTransaction) throw new Error('there is no transaction');
    return Flight.run(this.#inTransaction, steps);
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      ...connectionConfig({
        connectionString: this.#connectionString,
        application_name: 'muster commit',
        options: OPTIONS,
      }),
    });
    client.on('error', (error) => {
      if (this.#client === client) this.#client = undefined;
      this.#onError(error);
    });
    await client.connect();
    for (const statement of STATEMENTS) await client.query(statement);
    const { rows } = await client.query<{ typname: RowType; oid: number }>(
      'select typname, oid from pg_type where oid = any ($1::regtype[]::oid[])',
      [ROW_TYPES],
    );
    this.#types = new Map(rows.map(({ typname, oid }) => [typname, oid]));
    this.#client = client;
    return client;
  }
}

/** The arguments of commit_load_one; undefined for whatever is more than a single mutation in a single scope. */
function valuesOfOne({ acls, isExclusive, newClients, clients, scopes, roles, tasks, last, wants }: LoadPlan) {
  const [client, more] = clients;
  const isOne =
    client !== undefined &&
    more === undefined &&
    client.firstMid === client.lastMid &&
    !isExclusive &&
    newClients.length === 0 &&
    acls.length === 1 &&
    scopes.length === 1 &&
    roles.length === 1 &&
    roles[0]?.[1] === client.principal &&
    tasks.length <= 1 &&
    last.length <= 1 &&
    wants.isEmpty;
  if (!isOne) return undefined;
  const [acl, scope] = [acls[0], scopes[0]] as [string, string];
  const { id, principal, firstMid } = client;
  return [acl, id, principal, String(firstMid), scope, tasks[0] ?? null, last[0] ?? null];
}

/** The arguments of commit_load. */
const valuesOf = (plan: LoadPlan): (string | null)[] => [
  textArray(plan.acls),
  String(plan.isExclusive),
  textArray(plan.newClients.map(([id]) => id)),
  textArray(plan.newClients.map(([, principal]) => principal)),
  textArray(plan.clients.map(({ id }) => id)),
  textArray(plan.clients.map(({ principal }) => principal)),
  `{${plan.clients.map(({ firstMid }) => firstMid).join()}}`,
  `{${plan.clients.map(({ lastMid }) => lastMid).join()}}`,
  textArray(plan.scopes),
  textArray(plan.roles.map(([acl]) => acl)),
  textArray(plan.roles.map(([, subject]) => subject)),
  textArray(plan.tasks),
  textArray(plan.last),
  plan.wants.isEmpty ? null : plan.wants.toJson(),
];
