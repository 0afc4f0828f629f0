import { RunText, saidAt } from '../measure/recital.ts';
import { isEnded, type Chunk, type RunAnswer, type RunItem, type RunStatus } from './wire-types.ts';

export interface RunListener {
  /** The first words of it were read. */
  began(): void;
  /** A live piece, whose oldest word was said then. */
  piece(saidAt: number | undefined): void;
  /** It is over, as the stream says. */
  ended(): void;
}

/** One viewer of one run. */
export class RunWatch {
  readonly runId: string;
  readonly text = new RunText();
  readonly #listener: RunListener;
  /** The words ended while nobody listened: the log has them, and no stream. */
  #isFromLog = true;
  #hasBegun = false;
  #hasEnded = false;

  constructor(runId: string, listener: RunListener) {
    this.runId = runId;
    this.#listener = listener;
  }

  get question(): object {
    const { position } = this.text;
    return position === undefined ? { runId: this.runId } : { runId: this.runId, after: position };
  }

  /** @returns `gap`: watch it again */
  watched(answer: RunAnswer): 'fine' | 'gap' {
    const part = this.text.watched(answer);
    if (part === undefined) return 'gap';
    if (part !== '') this.#begin();
    this.#isFromLog =
      answer.current === null && answer.items.some(({ kind, state }) => kind === 'message' && state !== 'open');
    this.#endIf(answer.status);
    return 'fine';
  }

  /** @returns `gap`: watch it again */
  hear(name: 'run:chunk' | 'run:item' | 'run:status', data: unknown): 'fine' | 'gap' {
    if (name === 'run:status') {
      this.text.changed(data as RunStatus);
      this.#endIf((data as RunStatus).status);
      return 'fine';
    }
    if (name === 'run:item') {
      const { item } = data as { item: RunItem };
      if (item.kind === 'message' && item.state === 'open' && this.text.itemId !== item.id) this.text.begin(item.id);
      return 'fine';
    }
    const heard = this.text.heard(data as Chunk);
    if (heard.is === 'gap') return 'gap';
    if (heard.is === 'new') {
      this.#begin();
      this.#listener.piece(saidAt(heard.text));
    }
    return 'fine';
  }

  /** @returns how what was read differs from what the log has, or undefined */
  faultAgainst(committed: string): string | undefined {
    const { text } = this.text;
    if (text === committed || (this.#isFromLog && committed.startsWith(text))) return undefined;
    const at = [...text].findIndex((unit, index) => unit !== [...committed][index]);
    return `${text.length} units were streamed of ${committed.length}, the same up to ${at < 0 ? text.length : at}`;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#listener.began();
  }

  #endIf(status: string): void {
    if (this.#hasEnded || !isEnded(status)) return;
    this.#hasEnded = true;
    this.#listener.ended();
  }
}
