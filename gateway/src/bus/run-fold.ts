import { isEnded, type Item, type RunStatus, type RunWatchAnswer, type TextPosition } from '@muster/protocol/run';
import type { RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { RunChunk, RunItemNews, RunStatusNews } from '@muster/protocol/server-events';

export type RunNews =
  | { event: 'run:chunk'; data: RunChunk }
  | { event: 'run:item'; data: RunItemNews }
  | { event: 'run:status'; data: RunStatusNews };

/** A run as rows say it. */
export interface StoredRun {
  status: RunStatus;
  attempt: number;
  items: Item[];
}

/** What the thread's log says of a run: an item with the words of its message, or a status. */
export type LoggedRunFact = { item: Item; text?: string } | { status: RunStatus; attempt: number | undefined };

/**
 * What a run's stream (and its thread's log) amount to, as pure steps: each returns what viewers have to be told. Live
 * and resumed viewers are answered from this one copy of the rules.
 */
export class RunFold {
  readonly runId: string;
  /** Entry number of the stream up to which this holds. */
  n = 0;
  attempt = 0;
  #status: RunStatus | undefined;
  /** The entry that brought the status: rows read after it know better. */
  #statusN = 0;
  readonly #items = new Map<string, Item>();
  /** The item that is being written. `base` is above 0 only where the stream lost its beginning. */
  #current: { itemId: string; base: number; text: string } | null = null;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** One entry of the stream, in order. */
  apply(entry: RunStreamEntry): RunNews[] {
    this.n = entry.n;
    // A worker that was frozen and came back: its successor's text stands.
    if (entry.a < this.attempt) return [];
    switch (entry.k) {
      case 'text':
        return this.#text(entry.a, entry.i, entry.o, entry.d);
      case 'item':
        return [...this.#raise(entry.a, entry.d.id), ...this.#item(entry.d)];
      case 'status':
        return this.#setStatus(entry.a, entry.d.status, entry.d.rewind, entry.n);
    }
  }

  /** What the log holds may be told before, after or instead of the stream: the stream can be lost, the log cannot. */
  applyLogged(fact: LoggedRunFact): RunNews[] {
    if ('status' in fact) {
      const { status, attempt = this.attempt } = fact;
      const isNews =
        status !== this.#status && (isEnded(status) || status === 'awaiting_approval' || status === 'queued');
      if (!isNews || attempt < this.attempt) return [];
      return this.#setStatus(attempt, status, undefined, this.n);
    }
    return [...(fact.text === undefined ? [] : this.#complete(fact.item, fact.text)), ...this.#item(fact.item)];
  }

  /** Rows, read after the stream was: an item that they hold needs no text from the stream. */
  absorb({ status, attempt, items }: StoredRun, readAtN: number): void {
    for (const item of items) this.#keep(item);
    if (attempt > this.attempt || (attempt === this.attempt && this.#statusN <= readAtN)) this.#status = status;
    if (isEnded(status)) this.#status = status;
    if (this.#current === null) this.attempt = Math.max(this.attempt, attempt);
  }

  answer(after?: TextPosition): RunWatchAnswer {
    const items = [...this.#items.values()].sort((a, b) => a.n - b.n);
    const current = this.#current;
    const answer = { status: this.#status ?? 'queued', attempt: this.attempt, items };
    if (current === null) return { ...answer, current: null };
    const end = current.base + current.text.length;
    const isBehind = after?.itemId === current.itemId && after.offset > current.base && after.offset <= end;
    const offset = isBehind ? after.offset : current.base;
    return { ...answer, current: { itemId: current.itemId, offset, text: current.text.slice(offset - current.base) } };
  }

  get isEnded(): boolean {
    return this.#status !== undefined && isEnded(this.#status);
  }

  #isHeld(itemId: string): boolean {
    const item = this.#items.get(itemId);
    return item !== undefined && item.state !== 'open';
  }

  #text(attempt: number, itemId: string, offset: number, text: string): RunNews[] {
    if (this.#isHeld(itemId)) return [];
    const news = this.#raise(attempt, itemId, offset);
    const current = this.#current;
    if (current === null || current.itemId !== itemId) {
      this.#current = { itemId, base: offset, text };
    } else {
      const end = current.base + current.text.length;
      if (offset > end) this.#current = { itemId, base: offset, text };
      else if (offset + text.length > end) current.text += text.slice(end - offset);
    }
    return [...news, { event: 'run:chunk', data: { runId: this.runId, attempt, itemId, offset, text } }];
  }

  /** A new attempt whose status was lost: viewers hear of it all the same, and throw the unfinished item away. */
  #raise(attempt: number, itemId: string, offset = 0): RunNews[] {
    if (attempt <= this.attempt) return [];
    if (this.attempt === 0 && this.#current === null) {
      this.attempt = attempt;
      return [];
    }
    return this.#setStatus(attempt, 'running', { itemId, offset }, this.n);
  }

  #setStatus(attempt: number, status: RunStatus, rewind: TextPosition | undefined, n: number): RunNews[] {
    const isNewAttempt = attempt > this.attempt;
    const isRepeat = !isNewAttempt && status === this.#status && rewind === undefined;
    this.attempt = attempt;
    this.#status = status;
    this.#statusN = n;
    if (rewind !== undefined) this.#rewind(rewind);
    else if (isNewAttempt || isEnded(status)) this.#current = null;
    if (isRepeat) return [];
    const data: RunStatusNews = { runId: this.runId, status, attempt, ...(rewind === undefined ? {} : { rewind }) };
    return [{ event: 'run:status', data }];
  }

  #rewind({ itemId, offset }: TextPosition): void {
    const current = this.#current;
    if (current === null) return;
    if (current.itemId !== itemId || offset <= current.base) this.#current = null;
    else current.text = current.text.slice(0, offset - current.base);
  }

  #item(item: Item): RunNews[] {
    const held = this.#items.get(item.id);
    if (held !== undefined && JSON.stringify(held) === JSON.stringify(item)) return [];
    if (!this.#keep(item)) return [];
    return [{ event: 'run:item', data: { runId: this.runId, attempt: this.attempt, item } }];
  }

  /** An item never opens again. */
  #keep(item: Item): boolean {
    if (item.state === 'open' && this.#isHeld(item.id)) return false;
    this.#items.set(item.id, item);
    if (item.state !== 'open' && this.#current?.itemId === item.id) this.#current = null;
    return true;
  }

  /** The log has an item's whole text, and viewers perhaps not: what they lack is told before the item ends. */
  #complete(item: Item, text: string): RunNews[] {
    if (this.#isHeld(item.id)) return [];
    const { runId, attempt } = this;
    const held = this.#current?.itemId === item.id ? this.#current : { itemId: item.id, base: 0, text: '' };
    const end = held.base + held.text.length;
    if (text.slice(held.base, end) === held.text) {
      if (text.length <= end) return [];
      return [{ event: 'run:chunk', data: { runId, attempt, itemId: item.id, offset: end, text: text.slice(end) } }];
    }
    const rewind = { itemId: item.id, offset: 0 };
    return [
      { event: 'run:status', data: { runId, status: this.#status ?? 'running', attempt, rewind } },
      { event: 'run:chunk', data: { runId, attempt, itemId: item.id, offset: 0, text } },
    ];
  }
}
