import type { Packet } from '@muster/protocol/change';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import type { ChangeActor, PrincipalKind, Role } from '@muster/protocol/principal';
import type pg from 'pg';
import { v7 } from 'uuid';
import { createCommit, type CommitDeps } from '../src/commit/create-commit.ts';
import type { Commit, CommitOutcome, Submission } from '../src/commit/types.ts';
import { createPool } from '../src/connection.ts';

/** Tests' end of commit: people, their clients, and gateways to choose from. */
export interface Gateway {
  commit: Commit;
  /** What it published, in its order. */
  packets: Packet[];
  warnings: unknown[];
}

export type Applied = Extract<CommitOutcome, { status: 'applied' }>;

export class Rig {
  /** What every gateway of this test file is made with. */
  static deps: Partial<CommitDeps> = {};
  readonly url: string;
  readonly pool: pg.Pool;
  readonly gateways: Gateway[] = [];

  constructor(url: string, gateways = 1, deps: Partial<CommitDeps> = {}) {
    this.url = url;
    this.pool = createPool({ connectionString: url, max: 10 });
    for (let index = 0; index < gateways; index++) this.addGateway(deps);
  }

  addGateway(deps: Partial<CommitDeps> = {}): Gateway {
    const packets: Packet[] = [];
    const warnings: unknown[] = [];
    const logger = {
      warn: (fields: Record<string, unknown>) => void warnings.push(fields['err']),
      error: (fields: Record<string, unknown>) => void warnings.push(fields['err']),
    };
    const publish = (some: Packet[]) => void packets.push(...structuredClone(some));
    const gateway = {
      packets,
      warnings,
      commit: createCommit({ databaseUrl: this.url, pool: this.pool, publish, logger, ...Rig.deps, ...deps }),
    };
    this.gateways.push(gateway);
    return gateway;
  }

  get first(): Gateway {
    return this.gateways[0] as Gateway;
  }

  async close(): Promise<void> {
    await Promise.all(this.gateways.map(({ commit }) => commit.close()));
    await this.pool.end();
  }

  async rows<T = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.pool.query(sql, values)).rows as T[];
  }

  /** Someone with a verified account who has been here. */
  async person(
    email = `${v7()}@example.org`,
    kind: Extract<PrincipalKind, 'person' | 'guest'> = 'person',
  ): Promise<Person> {
    const id = await this.account(email, kind);
    await this.pool.query('select ensure_principal($1, $2, $3, null)', [id, kind, 'Someone']);
    return new Person(this, { id, kind });
  }

  /** An account alone, as signing up makes it. */
  async account(email: string, kind = 'person', isVerified = true): Promise<string> {
    const id = v7();
    await this.pool.query(
      `insert into "user" (id, name, email, "emailVerified", "isAnonymous") values ($1, 'Someone', $2, $3, $4)`,
      [id, email, isVerified, kind === 'guest'],
    );
    return id;
  }

  /** Scope heads against their logs: no gap but below the history's floor, no double, size and epochs as told. */
  async faults(): Promise<string[]> {
    const heads = await this.rows<Record<'head' | 'count' | 'last' | 'least' | 'history', number>>(
      `select s.id, s.head_seq as head, count(c.seq) as count, coalesce(max(c.seq), s.head_seq) as last,
         coalesce(min(c.seq), s.head_seq + 1) as least, s.history_floor as history
       from scope s left join change c on c.scope_id = s.id group by s.id`,
    );
    const faults = heads
      .filter(
        ({ head, count, last, least, history }) =>
          head !== last || count !== last - least + 1 || (least !== 1 && least !== history + 1),
      )
      .map((row) => `gap: ${JSON.stringify(row)}`);
    const doubles = await this.rows(`select client_id, mid, count(distinct txn_id) from change where mid is not null
      group by client_id, mid having count(distinct txn_id) > 1`);
    const back = await this
      .rows(`select * from (select scope_id, seq, at, lag(at) over (partition by scope_id order by seq) as before
      from change) c where at < before`);
    const early = await this
      .rows(`select * from (select scope_id, seq, acl_epoch, lag(acl_epoch) over (partition by scope_id order by seq)
      as before from change) c where acl_epoch < before`);
    return [
      ...faults,
      ...doubles.map((row) => `twice: ${JSON.stringify(row)}`),
      ...back.map(() => 'time ran back'),
      ...early.map(() => 'epoch ran back'),
    ];
  }
}

/** A person with one client. */
export class Person {
  readonly rig: Rig;
  readonly actor: ChangeActor;
  clientId = v7();
  mid = 0;

  constructor(rig: Rig, actor: ChangeActor) {
    this.rig = rig;
    this.actor = actor;
  }

  get id(): string {
    return this.actor.id;
  }

  submission(name: string, args: unknown, more: Partial<Submission> & { base?: number } = {}): Submission {
    const { base, ...rest } = more;
    return { actor: this.actor, commands: [{ name, args, ...(base === undefined ? {} : { base }) }], ...rest };
  }

  /** The next mutation of this client. */
  do(name: string, args: unknown, more: { base?: number; gateway?: Gateway } = {}): Promise<CommitOutcome> {
    const { gateway = this.rig.first, ...rest } = more;
    const mid = ++this.mid;
    const client = { clientId: this.clientId, mid, nonce: `nonce-${mid}` };
    return gateway.commit(this.submission(name, args, { client, ...rest }));
  }

  /** The same, which must be applied. */
  async did(name: string, args: unknown, more: { base?: number; gateway?: Gateway } = {}): Promise<Applied> {
    const outcome = await this.do(name, args, more);
    if (outcome.status !== 'applied') throw new Error(`${name}: ${JSON.stringify(outcome)} ${describe(outcome)}`);
    return outcome;
  }

  async list(title = 'Trip'): Promise<string> {
    const id = v7();
    await this.did('list.create', { id, title });
    return id;
  }

  async task(listId: string, more: Record<string, unknown> = {}): Promise<string> {
    const id = v7();
    await this.did('task.create', { id, listId, title: 'Milk', ...more });
    return id;
  }

  async thread(listId?: string): Promise<string> {
    const id = v7();
    await this.did('thread.create', { id, ...(listId ? { listId } : {}) });
    return id;
  }

  /** By its owner's invitation. */
  async letIn(guest: Person, listId: string, role: Role = 'editor'): Promise<void> {
    const [row] = await this.rig.rows<{ email: string }>('select email from "user" where id = $1', [guest.id]);
    await this.did('member.invite', { listId, email: row?.email, role });
  }
}

const describe = (outcome: CommitOutcome): string => (outcome.status === 'rejected' ? outcome.error.message : '');
export const codeOf = (outcome: CommitOutcome): string =>
  outcome.status === 'rejected' ? outcome.error.code : outcome.status;
export const listScope = (id: string): ScopeId => scopeOf('list', id);
export const threadScope = (id: string): ScopeId => scopeOf('thread', id);
export const userScope = (id: string): ScopeId => scopeOf('user', id);
