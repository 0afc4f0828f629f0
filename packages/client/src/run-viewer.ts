import { isEnded, type Item, type RunWatchAnswer } from '@muster/protocol/run';
import type { RunChunk, RunItemNews, RunStatusNews } from '@muster/protocol/server-events';
import type { RunView } from './types.ts';

/** What came of an event: nothing to show, something to show, or a hole that only watching again can fill. */
export type Took = 'nothing' | 'shown' | 'hole';

type Words = NonNullable<RunView['current']>;

const numberOf = (itemId: string): number => Number(itemId.slice(itemId.lastIndexOf(':') + 1));

/** Words of an attempt only grow: fewer of them, or those of an item before, come from a gateway that is behind. */
const isBehind = (told: Words, seen: Words): boolean =>
  told.itemId === seen.itemId ? seen.text.startsWith(told.text) : numberOf(told.itemId) < numberOf(seen.itemId);

/**
 * One run as a viewer sees it: live and resumed through the same rules. Offsets count UTF-16 units of the item's text,
 * so a text is right by construction, however often its parts come.
 */
export class RunViewer {
  view: RunView | undefined;
  readonly #runId: string;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Where to go on from after a reconnect. */
  get position(): { itemId: string; offset: number } | undefined {
    const current = this.view?.current;
    return current ? { itemId: current.itemId, offset: current.text.length } : undefined;
  }

  /** What a watch was answered, perhaps by a gateway that has heard less than the one before it. */
  answer(answer: RunWatchAnswer): Took {
    const was = this.view;
    const items = [...answer.items].sort((a, b) => a.n - b.n);
    const attempt = Math.max(answer.attempt, was?.attempt ?? 0);
    const seen = was?.attempt === attempt ? was.current : null;
    let current: RunView['current'] = null;
    let wasInterrupted = was?.wasInterrupted ?? false;
    if (answer.current && answer.attempt === attempt) {
      const { itemId, offset, text } = answer.current;
      const have = was?.current?.itemId === itemId ? was.current.text : '';
      if (offset > have.length || (offset > 0 && was?.attempt !== attempt)) return 'hole';
      current = { itemId, text: have.slice(0, offset) + text };
      if (seen && isBehind(current, seen)) current = seen;
      if (was && was.attempt < attempt && !current.text.startsWith(have)) wasInterrupted = true;
    } else if (seen && (!isEnded(answer.status) || items.some(({ id }) => id === seen.itemId))) {
      current = seen;
    } else if (was?.current && was.attempt < attempt && !items.some(({ id }) => id === was.current?.itemId)) {
      if (was.current.text !== '') wasInterrupted = true;
    }
    this.view = { runId: this.#runId, status: answer.status, attempt, items, current, wasInterrupted };
    return 'shown';
  }

  chunk({ attempt, itemId, offset, text }: RunChunk): Took {
    const view = this.view;
    if (!view || attempt < view.attempt) return 'nothing';
    if (attempt > view.attempt) return 'hole';
    if (this.#isEnded(itemId)) return 'nothing';
    if (view.current?.itemId !== itemId) {
      if (view.current && numberOf(itemId) < numberOf(view.current.itemId)) return 'nothing';
      if (offset > 0) return 'hole';
      this.view = { ...view, current: { itemId, text } };
      return 'shown';
    }
    const have = view.current.text.length;
    if (offset > have) return 'hole';
    const rest = text.slice(have - offset);
    if (rest === '') return 'nothing';
    this.view = { ...view, current: { itemId, text: view.current.text + rest } };
    return 'shown';
  }

  item({ attempt, item }: RunItemNews): Took {
    const view = this.view;
    if (!view || attempt < view.attempt) return 'nothing';
    const items: Item[] = [...view.items.filter(({ id }) => id !== item.id), item].sort((a, b) => a.n - b.n);
    this.view = { ...view, items };
    return 'shown';
  }

  status({ status, attempt, rewind }: RunStatusNews): Took {
    const view = this.view;
    if (!view || attempt < view.attempt) return 'nothing';
    let { current, wasInterrupted } = view;
    if (attempt > view.attempt && current && !this.#isEnded(current.itemId)) {
      const kept = rewind?.itemId === current.itemId ? current.text.slice(0, rewind.offset) : '';
      wasInterrupted ||= kept.length < current.text.length;
      current = kept === '' ? null : { itemId: current.itemId, text: kept };
    }
    this.view = { ...view, status, attempt, current, wasInterrupted };
    return 'shown';
  }

  /** The log is another one: its attempts count anew, and what was read of them may never have been said. */
  forgetWords(): void {
    if (this.view) this.view = { ...this.view, attempt: 0, current: null };
  }

  /** The thread's log holds the item's message now: its text is read from there. */
  stored(itemId: string): Took {
    const view = this.view;
    if (view?.current?.itemId !== itemId) return 'nothing';
    this.view = { ...view, current: null };
    return 'shown';
  }

  #isEnded(itemId: string): boolean {
    return this.view?.items.some(({ id, state }) => id === itemId && state !== 'open') ?? false;
  }
}
