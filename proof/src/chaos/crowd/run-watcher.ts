import type { MusterClient, RunHandle, RunView } from '@muster/client/types';
import { messageIdOf } from '@muster/domain/run-ids';
import type { ScopeId } from '@muster/protocol/id';
import type { Recorder } from './recorder.ts';

const ENDED = new Set(['completed', 'failed', 'stopped']);

interface Reading {
  runId: string;
  attempt: number;
  itemId: string;
  text: string;
  isGrowing: boolean;
}

/** Within the last so many milliseconds: words come every tenth of a second or so. */
const READING_MS = 500;

/** Reads the runs of a tab's conversations as a person would, and keeps the longest that it was shown of each item. */
export class RunWatcher {
  readonly #options: { client: MusterClient; recorder: Recorder; seat: string; isOver(): boolean };
  readonly #handles = new Map<string, RunHandle>();
  readonly #readings = new Map<string, Reading>();
  readonly #readAt = new Map<string, number>();

  constructor(options: { client: MusterClient; recorder: Recorder; seat: string; isOver(): boolean }) {
    this.#options = options;
  }

  /** Watches what is under way in these threads, and leaves what has ended. */
  look(threads: ScopeId[]): void {
    const { client } = this.#options;
    const runs = new Map(
      threads.flatMap((thread) => client.all(thread, 'run').map(({ id, value }) => [id, value.status] as const)),
    );
    for (const [runId, handle] of this.#handles) {
      const status = runs.get(runId);
      if (status !== undefined && !ENDED.has(status)) continue;
      handle.close();
      this.#handles.delete(runId);
    }
    for (const [runId, status] of runs) {
      if (ENDED.has(status) || this.#handles.has(runId)) continue;
      const handle = client.watchRun(runId);
      handle.ready.catch(() => undefined);
      handle.subscribe((view) => this.#read(view));
      this.#handles.set(runId, handle);
    }
  }

  /** Runs whose words come to it right now. */
  reading(): string[] {
    const now = performance.now();
    return [...this.#readAt].flatMap(([runId, at]) => (now - at < READING_MS ? [runId] : []));
  }

  settle(): void {
    const { recorder, seat } = this.#options;
    for (const { itemId, ...reading } of this.#readings.values()) {
      const messageId = messageIdOf(reading.runId, Number(itemId.slice(itemId.lastIndexOf(':') + 1)));
      recorder.note({ k: 'text', seat, itemId, messageId, ...reading });
    }
    this.#readings.clear();
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.close();
    this.#handles.clear();
    this.settle();
  }

  #read({ runId, attempt, current }: RunView): void {
    if (!current || this.#options.isOver()) return;
    const { itemId, text } = current;
    this.#readAt.set(runId, performance.now());
    const key = `${attempt} ${itemId}`;
    const known = this.#readings.get(key);
    // Words may be fewer after a reconnect, where their stream lost its end; they are never others.
    const isGrowing = !known || text.startsWith(known.text) || known.text.startsWith(text);
    if (!known) this.#readings.set(key, { runId, attempt, itemId, text, isGrowing });
    else {
      known.isGrowing &&= isGrowing;
      if (text.length > known.text.length) known.text = text;
    }
  }
}
