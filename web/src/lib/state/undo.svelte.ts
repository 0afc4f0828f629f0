import type { Made } from '@muster/client/edits';
import type { WireError } from '@muster/protocol/error';
import type { Api } from '../api/api.ts';
import type { UndoDesk } from '../undo/undo-desk.ts';
import type { Muster } from './muster.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** One gesture, for the toast that offers to take it back. Its id is there once the journal has it. */
export interface Step {
  label: string;
  id?: string | undefined;
}

/** The journal is not for the first paint: it comes once that is over, or with the first edit. */
const OPENS_AFTER_MS = 3_000;

/**
 * Undo and redo of all that the person did, in any tab. Here gestures are gathered; what takes them back is fetched when
 * there is time for it (see {@link UndoDesk}).
 */
export class Undo {
  readonly #muster: Muster;
  readonly #toasts: Toasts;
  readonly #api: Pick<Api, 'get'>;
  readonly #stops: (() => void)[];
  /** Whom this person was here before they signed up: those steps are theirs. */
  #guestId: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gathering: Made[] | undefined;
  /** Gestures from before the journal was there. */
  #early: { step: Step; made: Made[] }[] = [];
  #opening: Promise<UndoDesk> | undefined;
  #desk: UndoDesk | undefined;
  #isClosed = false;
  /** What Ctrl Z would take back, and what would be done again, by their labels. */
  next: { undo?: string | undefined; redo?: string | undefined } = $state.raw({});

  constructor(muster: Muster, toasts: Toasts, api: Pick<Api, 'get'>) {
    this.#muster = muster;
    this.#toasts = toasts;
    this.#api = api;
    this.#stops = [
      muster.on('made', (made) => void this.#gathering?.push(made)),
      muster.on('user', (_userId, guestId) => {
        if (guestId === undefined) return;
        this.#guestId = guestId;
        this.#openQuietly();
      }),
    ];
  }

  /** Fetches the journal once the page has been painted. */
  openLater(): void {
    this.#timer = setTimeout(() => this.#openQuietly(), OPENS_AFTER_MS);
  }

  /** Whatever is changed meanwhile is one step, also where steps lie within. Undefined: nothing was. */
  step(label: string, run: () => void): Step | undefined {
    if (this.#gathering) {
      run();
      return undefined;
    }
    const made: Made[] = (this.#gathering = []);
    try {
      run();
    } finally {
      this.#gathering = undefined;
    }
    if (made.length === 0) return undefined;
    const step: Step = { label };
    if (this.#desk) step.id = this.#desk.add(label, made);
    else {
      this.#early.push({ step, made });
      this.#openQuietly();
    }
    return step;
  }

  /** Takes back the newest step, or the one given (a toast's), and says so. */
  undo(step?: Step): void {
    this.#with((desk) => desk.undo(step && (step.id ?? '')));
  }

  redo(): void {
    this.#with((desk) => desk.redo());
  }

  /** Takes back what a run of the agent changed in these lists. */
  undoRun(runId: string, listIds: readonly string[]): Promise<void> {
    return this.open().then((desk) => desk.undoRun(runId, listIds));
  }

  /** The server refused to take something back: someone was there since. */
  sayRefused(error: WireError): void {
    this.#with((desk) => desk.sayRefused(error));
  }

  open(): Promise<UndoDesk> {
    clearTimeout(this.#timer);
    return (this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    }));
  }

  async wipe(): Promise<void> {
    // Without a server its code may be out of reach; nothing of the person's may stay all the same.
    const desk = await this.open().catch(() => undefined);
    if (desk) await desk.journal.wipe();
    else globalThis.indexedDB?.deleteDatabase('muster-undo');
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    const desk = await this.#opening?.catch(() => undefined);
    await desk?.journal.close();
  }

  /** Steps wait for the next time where it could not be fetched. */
  #openQuietly(): void {
    this.open().catch(() => undefined);
  }

  async #open(): Promise<UndoDesk> {
    const { UndoDesk } = await import('../undo/undo-desk.ts');
    const desk = new UndoDesk(this.#muster, this.#toasts, this.#api, (next) => (this.next = next));
    for (const { step, made } of this.#early.splice(0)) step.id = desk.add(step.label, made);
    this.#desk = this.#isClosed ? undefined : desk;
    await desk.journal.load(this.#guestId);
    return desk;
  }

  /** At once where the journal is there: what it does paints in this frame. */
  #with(run: (desk: UndoDesk) => void): void {
    if (this.#desk) run(this.#desk);
    else
      this.open().then(run, () =>
        this.#toasts.danger(
          'Undo could not be fetched from the server. Nothing is lost: try again when you are online.',
        ),
      );
  }
}
