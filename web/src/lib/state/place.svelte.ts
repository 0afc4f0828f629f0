import { goto } from '$app/navigation';
import { page } from '$app/state';
import { tick } from 'svelte';
import { getApp, type App } from './app.svelte.ts';
import { Kept } from './kept.svelte.ts';

/**
 * Where the person is, read from the address: `/lists/<id>?task=<id>&thread=<id>`. Moving about changes the address,
 * so that Back, a reload and a copied link all work.
 */
export class Place {
  readonly #app: App = getApp();
  readonly #lastList = new Kept<string | null>('last-list', null);

  /** The list that is open; undefined in the views over all lists. */
  readonly listId: string | undefined = $derived(
    page.route.id?.startsWith('/(app)/lists/') ? page.params.id : undefined,
  );
  readonly taskId: string | undefined = $derived(page.url.searchParams.get('task') ?? undefined);
  readonly threadId: string | undefined = $derived(page.url.searchParams.get('thread') ?? undefined);

  constructor() {
    $effect(() => {
      if (this.listId) this.#lastList.value = this.listId;
    });
  }

  get lastListId(): string | undefined {
    return this.#lastList.value ?? undefined;
  }

  /** Opens a task beside the list; the focus goes with it. */
  openTask = (id: string | undefined): void => {
    if (id === undefined) return this.closeTask();
    this.#query({ task: id }, this.taskId !== undefined);
  };

  /** Gives its place back to the agent, and the focus back to the task's row. */
  closeTask = (): void => {
    const id = this.taskId;
    if (id === undefined) return;
    this.#query({ task: undefined }, true);
    void tick().then(() => document.querySelector<HTMLElement>(`[data-task-id="${CSS.escape(id)}"]`)?.focus());
  };

  openThread = (id: string | undefined): void => {
    this.#query({ thread: id, task: undefined }, true);
    this.#app.layout.openAgent();
  };

  #query(change: Record<string, string | undefined>, isReplaced: boolean): void {
    const url = new URL(page.url.href);
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    void goto(url, { replace: isReplaced, reset: false });
  }
}
