import { MusterError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { RunWatchAnswer, TextPosition } from '@muster/protocol/run';
import type { Entry } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { FairPool } from './fair-pool.ts';
import type { RunEntry, RunFeed, RunMember } from './run-feed.ts';
import type { StoredRun } from './run-fold.ts';

const READS = 8;

/** A run with the right to see it, read in one transaction. */
export interface RunRead extends StoredRun {
  scope: ScopeId;
  aclEpoch: number;
  logEpoch: string;
}

export interface RunReads {
  /** Undefined: absent, gone or not this principal's to see. */
  findRun(principalId: string, runId: string): Promise<RunRead | undefined>;
}

export interface RunGatePorts {
  reads: RunReads;
  table: EntryTable;
  feed: RunFeed;
  pool: FairPool;
  settle(): Promise<void>;
}

export interface RunJoin {
  member: RunMember;
  /** Still connected, and the run was not left since. */
  mayJoin(): boolean;
  /** In the turn of the join: answers, and enters the room. */
  answer(answer: RunWatchAnswer, leave: () => void): void;
}

/**
 * `run:watch` through the open gate. The stream is read first and the rows second, or an item that ends between the two
 * would be in neither. Who watches a run is among the watchers of its thread, and falls under the same fence.
 */
export class RunGate {
  readonly #ports: RunGatePorts;

  constructor(ports: RunGatePorts) {
    this.#ports = ports;
  }

  /** @throws {MusterError} `not_found`, `unavailable` */
  async watch(runId: string, after: TextPosition | undefined, join: RunJoin): Promise<void> {
    const { userId } = join.member;
    for (let tries = 0; tries < READS; tries++) {
      // Only to learn the thread, and to keep strangers from making entries.
      const first = await this.#read(userId, runId);
      if (first === undefined) throw notFound();
      const thread = (await this.#hold(first.scope)).get(first.scope);
      if (thread === undefined) throw notFound();
      const { run, takesThread } = await this.#ports.feed.hold(runId, thread);
      try {
        const readAtN = run.fold.n;
        const read = await this.#read(userId, runId);
        // ---- From here on there is no await. ----
        if (!join.mayJoin()) return;
        if (read === undefined) throw notFound();
        if (run.isDropped || thread.isDropped || read.aclEpoch < thread.epoch) continue;
        if (read.logEpoch === thread.logEpoch) return this.#enter(run, thread, read, readAtN, after, join);
      } finally {
        this.#ports.feed.release(run);
        if (!takesThread) this.#ports.table.release(thread);
      }
      await this.#ports.settle();
    }
    throw new MusterError('unavailable', 'This moves too fast to be read just now. Try again.');
  }

  #enter(
    run: RunEntry,
    thread: Entry,
    read: RunRead,
    readAtN: number,
    after: TextPosition | undefined,
    join: RunJoin,
  ): void {
    const { table, feed } = this.#ports;
    const { member } = join;
    run.fold.absorb(read, readAtN);
    feed.add(run, member);
    table.addWatcher(thread, member);
    join.answer(run.fold.answer(after), () => {
      feed.remove(run, member);
      table.removeWatcher(thread, member);
    });
  }

  async #read(userId: string, runId: string): Promise<RunRead | undefined> {
    try {
      return await this.#ports.pool.run(userId, () => this.#ports.reads.findRun(userId, runId));
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async #hold(scope: ScopeId): Promise<Map<ScopeId, Entry>> {
    try {
      return await this.#ports.table.hold([scope]);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

const notFound = () => new MusterError('not_found', 'There is no such run, or it is not yours to see.');
const unavailable = (cause: unknown) =>
  Object.assign(new MusterError('unavailable', 'The database does not answer. Try again in a moment.'), { cause });
