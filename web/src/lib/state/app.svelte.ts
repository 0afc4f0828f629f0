import type { MusterClient } from '@muster/client/types';
import { MusterError } from '@muster/protocol/error';
import { createContext } from 'svelte';
import { Api } from '../api/api.ts';
import type { Config } from '../api/config.ts';
import { keepPage } from '../api/keep-page.ts';
import { Actions } from './actions.svelte.ts';
import { Clock } from './clock.svelte.ts';
import { Drafts } from './drafts.svelte.ts';
import { Keys } from './keys.svelte.ts';
import { Layout } from './layout.svelte.ts';
import { Lists } from './lists.svelte.ts';
import { Muster } from './muster.svelte.ts';
import { Overwritten } from './overwritten.svelte.ts';
import { keyOf, Refused } from './refused.svelte.ts';
import { Session } from './session.svelte.ts';
import { Theme, type ThemeChoice } from './theme.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import { Undo } from './undo.svelte.ts';

interface Work {
  muster: Muster;
  actions: Actions;
  undo: Undo;
  overwritten: Overwritten;
  lists: Lists;
}

/**
 * Everything that a page shares, in context: `const app = getApp()`. `app.muster` and `app.actions` are there wherever
 * somebody is signed in (all routes under `(app)`), and are made anew for another person; components under it are
 * remounted then.
 */
export class App {
  readonly api: Api;
  readonly session: Session;
  readonly theme = new Theme();
  readonly layout = new Layout();
  readonly toasts = new Toasts();
  readonly clock = new Clock();
  readonly keys: Keys;
  readonly drafts = new Drafts(() => this.#work?.muster.userId);
  readonly refused = new Refused(() => this.#work?.muster.userId);
  #work: Work | undefined = $state.raw();
  /** One client at a time on this browser's store: the next one starts when the last has let go. */
  #turn: Promise<void> = Promise.resolve();

  constructor(config: Config) {
    this.api = new Api(config.api);
    this.session = new Session(this.api, (userId) => this.wipe(userId));
    // They erase themselves in another tab of this browser, or could not: see erase-self.ts.
    new BroadcastChannel('muster-leaving').onmessage = ({ data }) => (this.session.hasLeft = data === true);
    this.keys = new Keys(() => this.#work?.muster.settings.singleKeys ?? true);
  }

  get hasWork(): boolean {
    return this.#work !== undefined;
  }
  get muster(): Muster {
    return this.#open.muster;
  }
  get actions(): Actions {
    return this.#open.actions;
  }
  get undo(): Undo {
    return this.#open.undo;
  }

  get overwritten(): Overwritten {
    return this.#open.overwritten;
  }
  get lists(): Lists {
    return this.#open.lists;
  }

  /** Starts working with a client, in place of the one before. */
  work(connect: () => MusterClient): Promise<void> {
    return (this.#turn = this.#turn.then(async () => {
      await this.#stop();
      const muster = new Muster(connect());
      const undo = new Undo(muster, this.toasts, this.api);
      const overwritten = new Overwritten(muster, this.api);
      const lists = new Lists(muster, () => this.clock.now);
      this.#work = { muster, undo, overwritten, lists, actions: new Actions(muster, this.toasts, undo) };
      muster.on('cleared', () => this.#sayCleared());
      await muster.start();
      undo.openLater();
    }));
  }

  rest(): Promise<void> {
    return (this.#turn = this.#turn.then(() => this.#stop()));
  }

  /** The theme, here at once and in the person's settings. */
  chooseTheme(theme: ThemeChoice): void {
    this.theme.choose(theme);
    if (this.#work && this.#work.muster.settings.theme !== theme) this.#work.actions.set({ theme });
  }

  /** Asks first where something would be lost: changes that wait to be sent, or all that a guest has made. */
  leave(): void {
    const isAtRisk = this.session.user?.isGuest === true || this.muster.status.pending > 0;
    if (isAtRisk) this.layout.open({ kind: 'sign-out' });
    else void this.signOut();
  }

  /** Ends this session, or all of the person's, and wipes what this browser holds of them. */
  async signOut(where: 'here' | 'everywhere' = 'here'): Promise<void> {
    const wipe = async (): Promise<void> => {
      this.refused.dismissAll();
      this.drafts.clear();
      await this.#clear(async () => {
        await this.#work?.undo.wipe();
        await this.#work?.muster.forget();
      });
    };
    try {
      await (where === 'here' ? this.session.signOut(wipe) : this.session.endAll(wipe));
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      this.toasts.danger('You are still signed in: the server cannot be reached. Try again when you are online.');
    }
  }

  /** Nothing of an erased person stays in this browser, whether they work in this page or not. */
  wipe(userId: string): Promise<void> {
    return (this.#turn = this.#turn.then(() =>
      this.#clear(async () => {
        localStorage.removeItem(keyOf(userId));
        const work = this.#work;
        if (work?.muster.userId === userId) {
          this.drafts.clear();
          await work.undo.wipe();
          await work.muster.forget();
        } else await (await import('./wipe-store.ts')).wipeStore(userId);
      }),
    ));
  }

  /** A disk that fails keeps nobody here, but they must not believe that nothing of theirs is left. */
  async #clear(wipe: () => Promise<void>): Promise<void> {
    try {
      await wipe();
    } catch {
      this.toasts.danger(
        'This browser could not remove what it holds of your lists. Clear the data of this site in its settings.',
      );
    }
  }

  #sayCleared(): void {
    // Its copy of the page went the same way.
    if (import.meta.env.PROD) keepPage();
    this.toasts.danger(
      'What this browser had stored of your lists was thrown away. This tab has stored it again: nothing is lost.',
    );
  }

  async #stop(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    if (work && !this.session.user) this.session.setWaiting(work.muster.status.pending);
    work?.overwritten.close();
    await work?.undo.close();
    await work?.muster.stop();
  }

  get #open(): Work {
    if (!this.#work) throw new Error('Nobody is signed in here.');
    return this.#work;
  }
}

export const [getApp, setApp] = createContext<App>();
