import { MusterError } from '@muster/protocol/error';
import type { RunWatchAnswer, TextPosition } from '@muster/protocol/run';
import type { Reader } from './reader.ts';
import { runRoom } from './rooms.ts';
import type { RunMember } from './run-feed.ts';
import type { RunGate, RunJoin } from './run-gate.ts';
import { Tickets } from './tickets.ts';

/** One socket's runs. */
export class RunReader {
  readonly #reader: Reader;
  readonly #gate: RunGate;
  readonly #leaves = new Map<string, () => void>();
  readonly #watches = new Tickets();

  constructor(reader: Reader, gate: RunGate) {
    this.#reader = reader;
    this.#gate = gate;
  }

  /**
   * @param answer called once, in the turn of the join; not at all if the socket or the watch was closed meanwhile
   * @throws {MusterError} `not_found`, `unavailable`
   */
  async watch(runId: string, after: TextPosition | undefined, answer: (answer: RunWatchAnswer) => void): Promise<void> {
    const { port } = this.#reader;
    const ticket = this.#watches.take(runId);
    const member: RunMember = {
      userId: port.userId,
      evict: (gone) => {
        this.#leave(runId);
        this.#reader.tellGone(gone);
      },
    };
    const join: RunJoin = {
      member,
      mayJoin: () => port.isConnected(),
      answer: (data, leave) => {
        answer(data);
        if (ticket.isVoid) return leave();
        // A second watch takes the place of the first.
        this.#leave(runId);
        this.#leaves.set(runId, leave);
        port.join(runRoom(runId));
      },
    };
    try {
      await this.#gate.watch(runId, after, join);
    } finally {
      this.#watches.giveBack(runId, ticket);
    }
  }

  /** After the socket was full: what stands now is told as news, which a viewer takes as any other. */
  async resume(runId: string): Promise<void> {
    const { port } = this.#reader;
    try {
      await this.watch(runId, undefined, ({ status, attempt, items, current }) => {
        for (const item of items) port.send('run:item', { runId, attempt, item });
        if (current !== null) port.send('run:chunk', { runId, attempt, ...current });
        port.send('run:status', { runId, status, attempt });
      });
    } catch (fault) {
      // Not theirs any more: the thread's reader, or the fence, has told it.
      if (!(fault instanceof MusterError) || fault.code !== 'not_found') throw fault;
    }
  }

  unwatch(runId: string): void {
    this.#watches.void(runId);
    this.#leave(runId);
  }

  /** All of them: the socket is gone, is full, or the log went back. */
  leaveAll(): string[] {
    const runIds = [...this.#leaves.keys()];
    for (const runId of runIds) this.#leave(runId);
    return runIds;
  }

  #leave(runId: string): void {
    const leave = this.#leaves.get(runId);
    if (leave === undefined) return;
    this.#leaves.delete(runId);
    this.#reader.port.leave(runRoom(runId));
    leave();
  }
}
