import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit } from '@muster/db/commit/types';
import { createPool } from '@muster/db/connection';
import { v7 } from 'uuid';
import { medianOf } from './figures.ts';
import type { Slice } from './pgbench.ts';

interface Writer {
  actor: { id: string; kind: 'person' };
  clientId: string;
  mid: number;
  listId: string;
  taskIds: string[];
}

/** People who write through commit as a gateway does: each waits for its answer before it writes again. */
export class Writers {
  readonly #pool: ReturnType<typeof createPool>;
  readonly #commit: Commit;
  readonly #ids: string[] = [];

  constructor(databaseUrl: string, options: { isOptimistic?: boolean } = {}) {
    this.#pool = createPool({ connectionString: databaseUrl, max: 4 });
    this.#commit = createCommit({ databaseUrl, pool: this.#pool, publish: () => undefined, ...options });
  }

  async close(): Promise<void> {
    await this.#commit.close();
    await this.#pool.end();
  }

  /** `count` people with their clients in one list of 20 tasks, or each in a list of their own. */
  async prepare(count: number, isOneList: boolean): Promise<Writer[]> {
    const writers: Writer[] = [];
    for (let index = 0; index < count; index++) {
      const id = v7();
      await this.#pool.query(`select ensure_principal($1, 'person', 'Writer', null)`, [id]);
      const writer: Writer = { actor: { id, kind: 'person' }, clientId: v7(), mid: 0, listId: v7(), taskIds: [] };
      const [first] = writers;
      if (isOneList && first) {
        writer.listId = first.listId;
        writer.taskIds = first.taskIds;
        await this.#pool.query(`insert into acl_grant (acl_id, subject, role) values ($1, $2, 'editor')`, [
          `list:${first.listId}`,
          id,
        ]);
      } else {
        await this.#send(writer, 'list.create', { id: writer.listId, title: 'Bench' });
        for (let task = 0; task < 20; task++) {
          const taskId = v7();
          writer.taskIds.push(taskId);
          await this.#send(writer, 'task.create', { id: taskId, listId: writer.listId, title: `Task ${task}` });
        }
      }
      writers.push(writer);
    }
    await this.#pool.query('analyze');
    return writers;
  }

  /** All write for so long. One in five writes makes a task, the rest change one. */
  async slice(writers: Writer[], seconds: number): Promise<Slice> {
    // Made by the client, who is none of what is measured.
    while (this.#ids.length < 10_000) this.#ids.push(v7());
    await this.#clearMade();
    const until = performance.now() + seconds * 1_000;
    const began = performance.now();
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

  /** A list holds 20,000 tasks, and a fast machine makes more of them in all rounds together. */
  async #clearMade(): Promise<void> {
    await this.#pool.query(`
      with gone as (delete from task where title like 'Made by %' returning scope_id)
      update scope set size = scope.size - made.count
      from (select scope_id, count(*)::int as count from gone group by scope_id) made
      where scope.id = made.scope_id`);
  }

  async #write(writer: Writer): Promise<void> {
    const { mid, listId, taskIds } = writer;
    const id = taskIds[(mid * 7) % taskIds.length];
    if (mid % 5 === 0)
      await this.#send(writer, 'task.create', { id: this.#ids.pop() ?? v7(), listId, title: `Made by ${mid}` });
    else await this.#send(writer, 'task.update', { id, fields: { title: `Renamed in ${mid} of ${writer.clientId}` } });
  }

  async #send(writer: Writer, name: string, args: unknown): Promise<void> {
    const mid = ++writer.mid;
    const client = { clientId: writer.clientId, mid, nonce: `nonce-${mid}` };
    const outcome = await this.#commit({ actor: writer.actor, commands: [{ name, args }], client });
    if (outcome.status !== 'applied') throw new Error(`${name} was ${JSON.stringify(outcome)}`);
  }
}
