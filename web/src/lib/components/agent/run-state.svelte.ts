import type { RunView } from '@muster/client/types';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import { isEnded, type RunItem, type RunStatus } from '@muster/protocol/run';
import { untrack } from 'svelte';
import type { Muster } from '#lib/state/muster.svelte.ts';
import { countWaits, runParts, type RunPart } from './run-parts.ts';

/**
 * One run as a component shows it: watched while it goes on, read from the thread once it has ended. Live and resumed
 * words come through the client's one consumer. Made by a component.
 */
export class RunState {
  readonly #muster: Muster;
  readonly #threadId: () => string;
  readonly #runId: () => string;
  #view: RunView | undefined = $state.raw();
  readonly #lastText = new Map<string, string>();

  constructor(muster: Muster, threadId: () => string, runId: () => string) {
    this.#muster = muster;
    this.#threadId = threadId;
    this.#runId = runId;
    $effect(() => {
      if (!this.entity || this.#isOver) return undefined;
      const handle = muster.watchRun(runId());
      handle.ready.catch(() => {});
      const take = (view: RunView): void => {
        if (view.current) this.#lastText.set(view.current.itemId, view.current.text);
        this.#view = view;
      };
      const stop = handle.subscribe(take);
      const first = handle.view;
      if (first) untrack(() => take(first));
      return () => {
        stop();
        handle.close();
      };
    });
  }

  entity: Stored<'run'> | undefined = $derived.by(() => this.#muster.get('run', this.#runId()));
  #isOver: boolean = $derived.by(() => this.entity !== undefined && isEnded(this.entity.value.status));
  /** The stored end wins; before it the stream is quicker than the log. */
  status: RunStatus | undefined = $derived.by(() =>
    this.#isOver ? this.entity?.value.status : (this.#view?.status ?? this.entity?.value.status),
  );
  isRunning: boolean = $derived.by(() => this.status !== undefined && !isEnded(this.status));
  wasInterrupted: boolean = $derived.by(
    () => (this.#view?.wasInterrupted ?? false) || (this.entity?.value.attempt ?? 1) > 1 + countWaits(this.#items),
  );

  #items: (RunView['items'][number] | ({ id: string } & RunItem))[] = $derived.by(() => {
    const runId = this.#runId();
    const stored = this.#muster
      .all(scopeOf('thread', this.#threadId()), 'run_item')
      .filter((item) => item.value.runId === runId)
      .map(({ id, value }) => ({ id, ...value }));
    const watched = this.#view?.items ?? [];
    // Whichever knows an item; where both do, the stream has it first while the run goes on.
    const items = new Map(stored.map((item) => [item.id, item as (typeof watched)[number]]));
    // But for what somebody decided, which the log alone tells.
    const isSettled = (id: string): boolean => (items.get(id)?.state ?? 'open') !== 'open';
    if (!this.#isOver) for (const item of watched) if (!isSettled(item.id)) items.set(item.id, item);
    return [...items.values()];
  });

  /** Whether a call waits for somebody to agree, now. */
  isAsking(part: Extract<RunPart, { kind: 'call' }>): boolean {
    return this.isRunning && part.result === undefined && part.approval?.decision === null;
  }

  parts: RunPart[] = $derived.by(() =>
    runParts({
      items: this.#items,
      current: this.#isOver ? null : (this.#view?.current ?? null),
      messageText: (id) => this.#muster.get('message', id)?.value.text,
      lastText: (id) => this.#lastText.get(id),
      isRunning: this.isRunning,
    }),
  );
}
