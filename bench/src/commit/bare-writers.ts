import pg from 'pg';
import { v7 } from 'uuid';
import { medianOf } from './figures.ts';
import type { Slice } from './pgbench.ts';

interface BareWriter {
  client: pg.Client;
  clientId: string;
  scope: string;
  taskId: string;
  mid: number;
}

/**
 * The floor: writers with a connection each that send only the statements without which a change is not stored, in one
 * transaction. Nobody's rights are asked, nothing is decided, no repeat is noticed.
 */
export class BareWriters {
  readonly #databaseUrl: string;
  readonly #writers: BareWriter[] = [];

  /** @param databaseUrl of a migrated database, which may be the one that commit writes to */
  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** `count` writers in one list of their own, or in a list each. */
  async prepare(count: number, isOneList: boolean): Promise<BareWriter[]> {
    const made: BareWriter[] = [];
    for (let index = 0; index < count; index++) {
      const client = new pg.Client({ connectionString: this.#databaseUrl });
      await client.connect();
      const scope = isOneList && made[0] ? made[0].scope : `list:${v7()}`;
      const writer: BareWriter = { client, clientId: v7(), scope, taskId: v7(), mid: 0 };
      if (made.length === 0 || !isOneList) {
        await client.query('insert into acl (id) values ($1)', [scope]);
        await client.query(`insert into scope (id, kind, acl_id) values ($1, 'list', $1)`, [scope]);
      }
      const person = v7();
      await client.query(`select ensure_principal($1, 'person', 'Bare', null)`, [person]);
      await client.query('insert into client (id, principal_id) values ($1, $2)', [writer.clientId, person]);
      await client.query(
        `insert into task (id, scope_id, title, notes, done, priority, assignee_ids, label_ids, pos, created_at,
          created_by, field_seq) values ($1, $2, 'Bare', '', false, 'none', '[]', '[]', $3, 0, $4, '{}')`,
        [writer.taskId, scope, `a${index}`, person],
      );
      made.push(writer);
      this.#writers.push(writer);
    }
    await this.#writers[0]?.client.query('analyze');
    return made;
  }

  /** All write for so long, each one's next transaction after its last is on the disk. */
  async slice(writers: BareWriter[], seconds: number): Promise<Slice> {
    const began = performance.now();
    const until = began + seconds * 1_000;
    const tookMs: number[] = [];
    await Promise.all(
      writers.map(async (writer) => {
        while (performance.now() < until) {
          const at = performance.now();
          await this.#write(writer);
          tookMs.push(performance.now() - at);
        }
      }),
    );
    return { perSecond: (tookMs.length * 1_000) / (performance.now() - began), p50Ms: medianOf(tookMs) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#writers.map(({ client }) => client.end()));
  }

  async #write(writer: BareWriter): Promise<void> {
    const { client, clientId, scope, taskId } = writer;
    const mid = ++writer.mid;
    const title = `Renamed in ${mid} of ${clientId}`;
    const effects = JSON.stringify([{ op: 'patch', type: 'task', id: taskId, fields: { title } }]);
    await client.query('begin');
    await client.query({
      name: 'client',
      text: 'update client set last_mid = $2 where id = $1',
      values: [clientId, mid],
    });
    const { rows } = await client.query({
      name: 'head',
      text: 'update scope set head_seq = head_seq + 1 where id = $1 returning head_seq',
      values: [scope],
    });
    await client.query({ name: 'task', text: 'update task set title = $2 where id = $1', values: [taskId, title] });
    await client.query({
      name: 'change',
      text: `insert into change (scope_id, seq, txn_id, actor, client_id, mid, nonce, acl_epoch, effects, prev, at)
        values ($1, $2, $3, $4, $4, $5, $6, 1, $7, $8, 0)`,
      values: [
        scope,
        (rows as { head_seq: number }[])[0]?.head_seq,
        taskId,
        clientId,
        mid,
        `n${mid}`,
        effects,
        '[{"title":"Bare"}]',
      ],
    });
    await client.query('commit');
  }
}
