import type { RunView } from '@muster/client/types';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import { isEnded, type RunStatus } from '@muster/protocol/run';
import { untrack } from 'svelte';
import type { Muster } from '#lib/state/muster.svelte.ts';
import { runParts, type RunPart } from './run-parts.ts';

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
    () => (this.#view?.wasInterrupted ?? false) || (this.entity?.value.attempt ?? 1) > 1,
  );

  parts: RunPart[] = $derived.by(() => {
    const runId = this.#runId();
    const stored = this.#muster
      .all(scopeOf('thread', this.#threadId()), 'run_item')
      .filter((item) => item.value.runId === runId)
      .map(({ id, value }) => ({ id, ...value }));
    const watched = this.#view?.items ?? [];
    // Whichever knows an item; where both do, the stream has it first while the run goes on.
    const items = new Map(stored.map((item) => [item.id, item as (typeof watched)[number]]));
    if (!this.#isOver) for (const item of watched) items.set(item.id, item);
    return runParts({
      items: [...items.values()],
      current: this.#isOver ? null : (this.#view?.current ?? null),
      messageText: (id) => this.#muster.get('message', id)?.value.text,
      lastText: (id) => this.#lastText.get(id),
      isRunning: this.isRunning,
    });
  });
}
