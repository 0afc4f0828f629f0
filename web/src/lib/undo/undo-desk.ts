import { createIndexedDbSteps } from '@muster/client/indexeddb-steps';
import { Journal, type Taken } from '@muster/client/journal';
import type { Made } from '@muster/client/edits';
import type { WireError } from '@muster/protocol/error';
import type { Api } from '#lib/api/api.ts';
import type { Muster } from '#lib/state/muster.svelte.ts';
import type { Toasts } from '#lib/state/toasts.svelte.ts';
import { refusalInWords } from './refusal-in-words.ts';
import { editsOfRun } from './run-edits.ts';

/** What takes steps back and says what came of it: fetched after the first paint. */
export class UndoDesk {
  readonly journal: Journal;
  readonly #muster: Muster;
  readonly #toasts: Toasts;
  readonly #api: Pick<Api, 'get'>;

  constructor(
    muster: Muster,
    toasts: Toasts,
    api: Pick<Api, 'get'>,
    told: (next: { undo?: string | undefined; redo?: string | undefined }) => void,
  ) {
    this.#muster = muster;
    this.#toasts = toasts;
    this.#api = api;
    const hasDisk = typeof indexedDB !== 'undefined';
    this.journal = new Journal({ client: muster.client, ...(hasDisk ? { storage: createIndexedDbSteps() } : {}) });
    const tell = (): void => {
      const { undo, redo } = this.journal.next;
      told({ undo: undo?.label, redo: redo?.label });
    };
    this.journal.subscribe(tell);
    tell();
  }

  add(label: string, made: readonly Made[]): string | undefined {
    return this.journal.add(label, made);
  }

  /** @param id the step of a toast; undefined: the newest. One that is not there any more was taken back already. */
  undo(id: string | undefined): void {
    this.#say(
      this.journal.undo(id),
      'Undone',
      'Not undone',
      id === undefined ? 'There is nothing to undo.' : undefined,
    );
  }

  redo(): void {
    this.#say(this.journal.redo(), 'Done again', 'Not done again', 'There is nothing to do again.');
  }

  /** @throws {MusterError} where the history cannot be read now */
  async undoRun(runId: string, listIds: readonly string[]): Promise<void> {
    const changes = await editsOfRun(this.#api, this.#muster, runId, listIds);
    const taken = this.journal.takeBack('Took back the agent’s changes', changes);
    if (taken.done + taken.refused.length === 0) this.#toasts.show('There is nothing of it left to undo.');
    else this.#say({ ...taken, label: 'the agent’s changes' }, 'Undone', 'Not undone', undefined);
  }

  sayRefused(error: WireError): void {
    this.#toasts.danger(`Not undone: ${this.#inWords(error)}.`);
  }

  #say(taken: Taken | undefined, done: string, notDone: string, nothing: string | undefined): void {
    if (!taken) {
      if (nothing) this.#toasts.show(nothing);
      return;
    }
    const [first, ...others] = taken.refused;
    const more = others.length > 0 ? `, and ${others.length} more` : '';
    const label = taken.label.slice(0, 1).toLowerCase() + taken.label.slice(1);
    if (!first) this.#toasts.show(`${done}: ${label}`);
    else if (taken.done === 0) this.#toasts.danger(`${notDone}: ${this.#inWords(first)}${more}.`);
    else this.#toasts.show(`${done} in part: ${label}. Left alone: ${this.#inWords(first)}${more}.`);
  }

  #inWords = (error: WireError): string => refusalInWords(error, this.#muster);
}
