import type { Chunk, RunAnswer, RunStatus } from '../muster/wire-types.ts';

/** What a load test says to the agent; the worker's reciter answers with words `<n>:<when, base 36>` (docs/load.md). */
export const askForRecital = (words: number, perSecond: number): string =>
  `recite ${words} words at ${perSecond} a second`;

const WORD = /(\d+):([0-9a-z]+)/;

/** @returns when the first whole word of a piece was said; undefined where it holds none */
export function saidAt(piece: string): number | undefined {
  // A piece begins within a word only where a flush was cut there, and the writer never does; the end may be open.
  const found = WORD.exec(piece);
  return found === null ? undefined : parseInt(found[2]!, 36);
}

/** @returns what is wrong with a recital of so many words, or undefined */
export function faultOfRecital(text: string, words: number): string | undefined {
  const said = text === '' ? [] : text.split(' ');
  if (said.length !== words) return `${said.length} words instead of ${words}`;
  const wrong = said.findIndex((word, n) => Number(WORD.exec(word)?.[1]) !== n);
  return wrong < 0 ? undefined : `word ${wrong} is "${said[wrong]}"`;
}

/** The text of a run as one viewer has it, by the rules of the wire. */
export class RunText {
  attempt = 0;
  status = 'queued';
  /** The item that is being written. */
  itemId: string | undefined;
  text = '';

  /** What `run:watch` is asked with after a new connection. */
  get position(): { itemId: string; offset: number } | undefined {
    return this.itemId === undefined ? undefined : { itemId: this.itemId, offset: this.text.length };
  }

  /** An item was opened: its words follow. */
  begin(itemId: string): void {
    this.itemId = itemId;
    this.text = '';
  }

  /** @returns the part that was new; undefined where it has to be asked for again, from the beginning */
  watched({ status, attempt, current }: RunAnswer): string | undefined {
    const isSame = attempt === this.attempt && current?.itemId === this.itemId;
    const have = isSame ? this.text : '';
    // An answer that goes on from words of an earlier attempt goes on from nothing.
    if (current !== null && current.offset > have.length) {
      this.itemId = undefined;
      return undefined;
    }
    this.status = status;
    this.attempt = attempt;
    if (current === null) return '';
    this.itemId = current.itemId;
    this.text = have.slice(0, current.offset) + current.text;
    return this.text.slice(have.length);
  }

  /** @returns the new part; `gap` where it has to be watched again; `old` where nothing of it was new */
  heard({ itemId, offset, text, attempt }: Chunk): { is: 'new'; text: string } | { is: 'gap' | 'old' } {
    if (attempt < this.attempt) return { is: 'old' };
    if (attempt > this.attempt && this.text !== '') return { is: 'gap' };
    this.attempt = attempt;
    if (this.itemId !== itemId) {
      if (offset > 0) return { is: 'gap' };
      this.itemId = itemId;
      this.text = '';
    }
    if (offset > this.text.length) return { is: 'gap' };
    if (offset + text.length <= this.text.length) return { is: 'old' };
    const part = text.slice(this.text.length - offset);
    this.text += part;
    return { is: 'new', text: part };
  }

  changed({ status, attempt, rewind }: RunStatus): void {
    if (attempt < this.attempt) return;
    if (attempt > this.attempt) {
      // An unfinished item is thrown away; what begins anew comes from its beginning.
      this.itemId = rewind?.itemId;
      this.text = this.text.slice(0, rewind?.itemId === undefined ? 0 : rewind.offset);
    } else if (rewind !== undefined && rewind.itemId === this.itemId) this.text = this.text.slice(0, rewind.offset);
    this.attempt = attempt;
    this.status = status;
  }
}
