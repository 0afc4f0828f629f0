import type { ScopeId } from '@muster/protocol/id';
import { runIdOf } from '@muster/domain/run-ids';
import { v7 } from 'uuid';
import type { Random } from '../../sim/random.ts';
import { listIdOf, type Seat } from './seat.ts';

const ACTS = {
  ...{ create: 26, title: 18, complete: 10, place: 14, remove: 5, restore: 3, label: 4, assign: 4, seen: 3 },
  ...{ ask: 9, stop: 1, presence: 3 },
};
/** Of what is asked, words that make tasks carry a mark that nobody else uses: each may be made once. */
export const MARK = /^Marked [0-9a-z]{10}\b/i;
const UNDER_WAY = new Set(['queued', 'running', 'awaiting_approval']);

/** What a person does at a seat, drawn anew each time. Never waits, and never minds a refusal. */
export class PersonScript {
  readonly #seat: Seat;
  readonly #random: Random;
  #count = 0;
  #removed: string[] = [];
  #asked: string[] = [];

  constructor(seat: Seat, random: Random) {
    this.#seat = seat;
    this.#random = random;
  }

  act(): void {
    const seat = this.#seat;
    seat.tend((from) => this.#random.pick(from));
    const list = this.#random.pick(seat.lists());
    if (!list) return;
    try {
      this.#do(this.#random.weighted(ACTS), list);
    } catch {
      // What the client foresees as refused is not queued: a person would see it greyed out.
    }
  }

  #do(act: keyof typeof ACTS, list: ScopeId): void {
    const seat = this.#seat;
    const listId = listIdOf(list);
    const tasks = seat.client.all(list, 'task');
    const task = () => this.#random.pick(tasks)?.id;
    const id = task();
    this.#count += 1;
    const words = `${seat.name} ${this.#count}`;
    if (act === 'create' || (act !== 'ask' && act !== 'presence' && act !== 'stop' && id === undefined)) {
      const after = this.#random.pick([undefined, null, id]);
      seat.mutate('task.create', { id: v7(), listId, title: words, ...(after === undefined ? {} : { after }) });
    } else if (act === 'ask') this.#ask(list);
    else if (act === 'stop') this.#stop();
    else if (act === 'presence') {
      seat.client.presence.set(list, this.#random.chance(0.5) ? { typing: true } : null);
    } else if (id !== undefined) this.#change(act, list, id, words);
  }

  #change(
    act: Exclude<keyof typeof ACTS, 'create' | 'ask' | 'stop' | 'presence'>,
    list: ScopeId,
    id: string,
    words: string,
  ) {
    const seat = this.#seat;
    const listId = listIdOf(list);
    switch (act) {
      case 'title':
        return seat.mutate('task.update', {
          id,
          fields: this.#random.chance(0.7) ? { title: words } : { notes: words },
        });
      case 'complete':
        return seat.mutate('task.complete', { id, done: this.#random.chance(0.6) });
      case 'place': {
        const after = this.#random.pick([null, ...seat.client.all(list, 'task').map((one) => one.id)])!;
        return after === id ? undefined : seat.mutate('task.place', { id, after });
      }
      case 'remove':
        this.#removed.push(id);
        return seat.mutate('task.delete', { id });
      case 'restore': {
        const gone = this.#removed.pop();
        return gone === undefined ? undefined : seat.mutate('task.restore', { id: gone });
      }
      case 'label': {
        const label = this.#random.pick(seat.client.all(list, 'label'))?.id;
        if (label === undefined || this.#random.chance(0.1))
          return seat.mutate('label.create', { id: v7(), listId, name: words });
        return seat.mutate('task.label', { id, [this.#random.chance(0.7) ? 'add' : 'remove']: [label] });
      }
      case 'assign': {
        const member = this.#random.pick(seat.client.all(list, 'member'))?.id;
        if (member === undefined) return;
        return seat.mutate('task.assign', { id, [this.#random.chance(0.7) ? 'add' : 'remove']: [member] });
      }
      case 'seen':
        return seat.mutate('membership.update', { listId, fields: { muted: this.#random.chance(0.5) } });
    }
  }

  /** In a conversation where nothing is under way, so that the last runs of a storm end soon after it. */
  #ask(list: ScopeId): void {
    const seat = this.#seat;
    const threadId = this.#random.pick(seat.client.all(list, 'thread'))?.id;
    if (threadId === undefined) return;
    const runs = seat.client.all(`thread:${threadId}`, 'run');
    if (runs.some(({ value }) => UNDER_WAY.has(value.status))) return;
    const mark = () => `marked ${v7().replaceAll('-', '').slice(-10)}`;
    const text = this.#random.pick([
      `add ${mark()} and ${mark()}`,
      `add ${mark()}, ${mark()} and ${mark()}`,
      'what is on the list?',
      // More than a few, and somebody has to agree.
      'delete everything that is done',
      'hello, what can you do?',
    ])!;
    const id = v7();
    seat.mutate('message.send', { id, threadId, text });
    this.#asked.push(runIdOf(id));
  }

  #stop(): void {
    const runId = this.#asked.at(-1);
    if (runId !== undefined) this.#seat.client.stopRun(runId).catch(() => undefined);
  }
}
