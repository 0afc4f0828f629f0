import { goto } from '$app/navigation';
import { page } from '$app/state';
import { tick } from 'svelte';
import { getApp, type App } from './app.svelte.ts';
import { Kept } from './kept.svelte.ts';

/** Stands in the address in a thread's place while the next words to the agent are to begin a new one. */
export const NEW_THREAD = 'new';

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

  /** Whether the list's history is open. */
  readonly isHistoryOpen: boolean = $derived(page.url.searchParams.has('history'));
  /** The change after which the list is shown, instead of now. */
  readonly momentSeq: number | undefined = $derived(Number(page.url.searchParams.get('at') ?? NaN) || undefined);

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

  /** Shows a thread with the agent; undefined begins a new one. */
  openThread = (id: string | undefined): void => {
    this.#query({ thread: id ?? NEW_THREAD, task: undefined, history: undefined, by: undefined }, true);
    if (id === undefined) this.#app.layout.askAgent();
    else this.#app.layout.openAgent();
  };

  /** Gives the agent its place beside the list, and the person the caret there, with words to begin with. */
  askAgent = (words?: string): void => {
    this.#app.layout.askAgent(words);
    if (this.taskId !== undefined || this.isHistoryOpen)
      this.#query({ task: undefined, history: undefined, by: undefined }, true);
  };

  openHistory = (): void => this.#query({ history: '', task: undefined }, this.taskId !== undefined);
  closeHistory = (): void => this.#query({ history: undefined, by: undefined }, true);
  /** Of one person or the agent; undefined for everyone. */
  filterHistory = (id: string | undefined): void => this.#query({ by: id }, true);

  /** Shows the list as it was after a change. On a phone the history would cover it. */
  openMoment = (seq: number): void =>
    this.#query(
      { at: String(seq), ...(this.#app.layout.isPhone ? { history: undefined, by: undefined } : {}) },
      this.momentSeq !== undefined,
    );
  closeMoment = (): void => this.#query({ at: undefined }, false);

  /** Closes the innermost of what is open. */
  leave = (): void => {
    if (this.taskId !== undefined) this.closeTask();
    else if (this.isHistoryOpen) this.closeHistory();
    else if (this.momentSeq !== undefined) this.closeMoment();
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
