import { MusterError } from '@muster/protocol/error';
import type { Api } from '../api/api.ts';

export interface SessionUser {
  id: string;
  name: string;
  email: string;
  isGuest: boolean;
}

/** One of this person's sessions, for the list in the settings. */
export interface OwnSession {
  id: string;
  token: string;
  userAgent: string;
  createdAt: number;
  isThis: boolean;
}

interface WireUser {
  id: string;
  name: string;
  email: string;
  isAnonymous?: boolean | null;
}
interface WireSession {
  id: string;
  token: string;
  userAgent?: string | null;
  createdAt: string;
}

/** Whose session ended without their doing, in this browser, with work that waits here for them. */
export interface Interrupted {
  id: string;
  name: string;
  email: string;
  /** Changes that were not yet sent. */
  waiting: number;
}

const KEY = 'muster:user';
const INTERRUPTED_KEY = 'muster:interrupted';

/** Who is here: Better Auth's calls by plain fetch. The last answer is kept, so that a known person's page opens at once. */
export class Session {
  readonly #api: Api;
  readonly #wipe: (userId: string) => Promise<void>;
  #token = '';
  user: SessionUser | undefined = $state.raw(kept<SessionUser>(KEY));
  /** Whether the server has said who this is since the page was opened. */
  isChecked = $state(false);
  /** The server gave no answer when it was last asked. */
  isAway = $state(false);
  /** Whose session ended here was erased, on another device or by the operator. */
  wasErased: boolean = $state(false);
  /** They signed out by themselves: whoever comes next is not led to where they were. */
  hasLeft = false;
  /** Kept over reloads, until they are back. A guest cannot come back. */
  interrupted: Interrupted | undefined = $state.raw(kept<Interrupted>(INTERRUPTED_KEY));

  /** @param wipe what is done with the things of somebody in this browser who was erased elsewhere */
  constructor(api: Api, wipe: (userId: string) => Promise<void>) {
    this.#api = api;
    this.#wipe = wipe;
  }

  /** Asks the server who this is; without an answer the remembered person stays. */
  async check(): Promise<void> {
    try {
      const said = await this.#api.get<{ user: WireUser; session: WireSession } | null>('/api/auth/get-session');
      this.#token = said?.session.token ?? '';
      if (!said) await this.#lookWhetherErased();
      this.#set(said?.user);
      this.isChecked = true;
      this.isAway = false;
    } catch (error) {
      this.isAway = true;
      throw error;
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.#enter('/api/auth/sign-in/email', { email, password });
  }

  async signUp(name: string, email: string, password: string): Promise<void> {
    await this.#enter('/api/auth/sign-up/email', { name, email, password });
  }

  /** Has a way to a new password sent to an address, where mail is set up. */
  async askForPassword(email: string): Promise<void> {
    await this.#api.post('/api/auth/request-password-reset', { email });
  }

  /** Whoever is signed in with the old one, is not any more. */
  async setPassword(token: string, newPassword: string): Promise<void> {
    await this.#api.post('/api/auth/reset-password', { token, newPassword });
    this.#set(undefined);
  }

  /** A guest can try everything, and keeps it when they sign up. */
  async enterAsGuest(): Promise<void> {
    await this.#enter('/api/auth/sign-in/anonymous', {});
  }

  /** @param wipe what is done with the person's things in this browser, once the server has let go */
  async signOut(wipe: () => Promise<void>): Promise<void> {
    await this.#api.post('/api/auth/sign-out');
    this.hasLeft = true;
    await wipe();
    this.#set(undefined);
  }

  async rename(name: string): Promise<void> {
    await this.#api.post('/api/auth/update-user', { name });
    if (this.user) this.#set({ ...this.user, name, isAnonymous: this.user.isGuest });
  }

  /** How many of their changes wait in this browser for whoever was interrupted. */
  setWaiting(waiting: number): void {
    if (this.interrupted) this.#interrupt({ ...this.interrupted, waiting });
  }

  /** The session ended elsewhere: forget who it was. */
  forget(): void {
    this.#set(undefined);
  }

  async listOwn(): Promise<OwnSession[]> {
    if (!this.#token) await this.check();
    const sessions = await this.#api.get<WireSession[]>('/api/auth/list-sessions');
    return sessions
      .map((session) => ({
        id: session.id,
        token: session.token,
        userAgent: session.userAgent ?? '',
        createdAt: Date.parse(session.createdAt),
        isThis: session.token === this.#token,
      }))
      .sort((a, b) => Number(b.isThis) - Number(a.isThis) || b.createdAt - a.createdAt);
  }

  async end(token: string): Promise<void> {
    await this.#api.post('/api/auth/revoke-session', { token });
  }

  async endOthers(): Promise<void> {
    await this.#api.post('/api/auth/revoke-other-sessions');
  }

  /** Everywhere, here included. */
  async endAll(wipe: () => Promise<void>): Promise<void> {
    await this.#api.post('/api/auth/revoke-sessions');
    this.hasLeft = true;
    await wipe();
    this.#set(undefined);
  }

  /** A session that ended leaves their things for their return; of somebody who was erased nothing may stay. */
  async #lookWhetherErased(): Promise<void> {
    const known = this.user ?? this.interrupted;
    if (!known) return;
    // Without an answer the next page asks again, of whoever was interrupted.
    const said = await this.#api.get<{ isErased: boolean }>(`/api/v1/erased/${known.id}`).catch(() => undefined);
    if (!said?.isErased) return;
    this.hasLeft = true;
    await this.#wipe(known.id);
    this.#interrupt(undefined);
    this.wasErased = true;
  }

  async #enter(path: string, body: unknown): Promise<void> {
    try {
      await this.#api.post(path, body);
    } catch (error) {
      // A second guest from a guest's own session: they are here already.
      const said = error instanceof MusterError ? error.details?.['said'] : undefined;
      if (said !== 'ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY') throw error;
    }
    await this.check();
    if (!this.user)
      throw new MusterError('unauthenticated', 'The browser did not keep the session. Are cookies allowed?');
  }

  #set(user: WireUser | undefined): void {
    if (user) this.hasLeft = this.wasErased = false;
    if (user?.id === this.interrupted?.id) this.#interrupt(undefined);
    const { user: before } = this;
    if (!user && before && !before.isGuest && !this.hasLeft)
      this.#interrupt({ id: before.id, name: before.name, email: before.email, waiting: 0 });
    this.user = user && { id: user.id, name: user.name, email: user.email, isGuest: user.isAnonymous === true };
    if (this.user) localStorage.setItem(KEY, JSON.stringify(this.user));
    else localStorage.removeItem(KEY);
  }

  #interrupt(interrupted: Interrupted | undefined): void {
    this.interrupted = interrupted;
    if (interrupted) localStorage.setItem(INTERRUPTED_KEY, JSON.stringify(interrupted));
    else localStorage.removeItem(INTERRUPTED_KEY);
  }
}

function kept<T>(key: string): T | undefined {
  const text = localStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as T);
}
